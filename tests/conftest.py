"""What holds for all tests."""

from hypothesis import settings

# How long an example takes says more about the machine than about the code: a test that must not hang has its own limit.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
