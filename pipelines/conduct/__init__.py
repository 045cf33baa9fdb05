"""How a crawl behaves towards sites, decided without a network: addresses it may ask, waiting, robots.txt, opt-outs.

``crawler/middlewares`` asks these functions and acts on what they say.
"""

from pipelines.conduct.addresses import is_public_address, literal_address, refusal_of
from pipelines.conduct.memory import Answer, HostMemory, Rest
from pipelines.conduct.robots import RobotsRules, load_training_agents, read_robots
from pipelines.conduct.tdmrep import parse_reservation, read_tdmrep
from pipelines.conduct.waiting import HostWait, WaitLimits, parse_retry_after

__all__ = [
    "Answer",
    "HostMemory",
    "HostWait",
    "Rest",
    "RobotsRules",
    "WaitLimits",
    "is_public_address",
    "literal_address",
    "load_training_agents",
    "parse_reservation",
    "parse_retry_after",
    "read_robots",
    "read_tdmrep",
    "refusal_of",
]
