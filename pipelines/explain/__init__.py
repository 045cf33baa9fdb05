"""Why an article is what it is: what ``scrapy explain`` finds out and prints. Reads the corpus, knows the rules of dedup, changes nothing."""

from pipelines.explain.differences import Change, find_differences
from pipelines.explain.facts import Explanation, Standing, explain
from pipelines.explain.terminal import print_explanation

__all__ = ["Change", "Explanation", "Standing", "explain", "find_differences", "print_explanation"]
