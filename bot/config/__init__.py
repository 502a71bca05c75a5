"""The owner's decisions, read from config.yaml: `load(path, airfields) -> Config`.

Every mistake is reported at once as `config.yaml:LINE: field: found, expected`; past `load` every
value is plain, frozen and right. yaml stays in this room.
"""

from bot.config.places import Airfields
from bot.config.reader import load
from bot.config.secrets import telegram_address
from bot.config.settings import Config, QuietHours, TelegramSettings

__all__ = ["Airfields", "Config", "QuietHours", "TelegramSettings", "load", "telegram_address"]
