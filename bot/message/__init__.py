"""What is said: evidence becomes a `Message`, in honest words and numbers.

Promises: nothing is calculated twice (the finding's numbers are only put into words), unknown is
said as unknown, the important comes first. Refuses: markup, lengths and pictures; how a message
is spelt is the channel's business, and the conductor attaches the pictures.
"""

from bot.message.compose import compose
from bot.message.notices import plain, service, sightings, welcome

__all__ = ["compose", "plain", "service", "sightings", "welcome"]
