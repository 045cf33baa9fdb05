"""Commands of the ``scrapy`` command line in this project. Exit status: 0 good, 1 bad configuration or a failed run, 2 bad usage."""

OUTPUT_DIR = "output"
"""Where commands look in a project that does not set it: below the working directory."""
