"""What a Bot API error text means, by its words: the codes alone do not tell.

Texts as the server writes them (Bot API, feeds.md 15.3); matching is on lower case.
"""

from enum import Enum


class Refusal(Enum):
    """What the channel can do about a 400 (or a 413)."""

    SAME = "the message is as it should be already"
    DEAD = "the chat is finished for this bot"
    THREAD = "the topic is gone"
    REPLY = "the message replied to is gone"
    MARKUP = "the markup was refused"
    LONG = "the text is too long"
    PICTURE = "the picture was refused"
    GARBLED = "something between us and Telegram answered"
    OTHER = "refused for a reason that is not in the book"


_SAYS = (
    (Refusal.GARBLED, ("parsing the server response",)),
    (Refusal.SAME, ("message is not modified",)),
    (Refusal.THREAD, ("message thread not found", "topic_closed", "topic_deleted",
                      "topic_id_invalid")),
    (Refusal.REPLY, ("replied message not found", "message to be replied not found",
                     "message to reply not found")),
    (Refusal.MARKUP, ("can't parse entities", "can't parse caption entities", "entity_",
                      "entities_too_long")),
    (Refusal.LONG, ("message is too long", "caption is too long", "media_caption_too_long",
                    "message_too_long")),
    (Refusal.PICTURE, ("request entity too large", "photo_", "image_process_failed",
                       "wrong file identifier", "file must be non-empty", "too big for a photo",
                       "media_", "failed to get http url content", "chat_send_photos_forbidden",
                       "chat_send_media_forbidden", "send photos", "send media")),
    (Refusal.DEAD, ("chat not found", "group is deactivated", "group chat was deactivated",
                    "not in the chat", "not a member", "chat_write_forbidden", "peer_id_invalid",
                    "have no rights to send", "need administrator rights", "send text messages",
                    "user not found", "chat_restricted", "channel_private",
                    "chat_admin_required", "chat_id is empty", "user_is_blocked",
                    "input_user_deactivated", "group chat was deleted")),
)  # fmt: skip


def read(text: str) -> Refusal:
    """The first meaning whose words occur.

    >>> read("Bad Request: message thread not found").name
    'THREAD'
    """
    low = text.lower()
    return next((r for r, says in _SAYS if any(word in low for word in says)), Refusal.OTHER)
