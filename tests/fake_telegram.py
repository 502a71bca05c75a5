"""A Bot API on a real port, strict where the real one is, with faults to order.

Rules are few and each names the documented one (Bot API, core.telegram.org/bots/api; texts as the
server writes them). Shapes cannot drift far: the unmodified client refuses ill-shaped answers.

By hand: `python tests/fake_telegram.py --port 8081` prints what it receives; point the bot
at it with `telegram: {api: "http://127.0.0.1:8081"}` and the token shown.
"""

import argparse
import asyncio
import json
import re
import socket
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

sys.path.insert(0, str(Path(__file__).parent.parent))  # when run by its path
from tests.telegram_rules import TEXT_LIMIT, Refused, caption_of, photo_of, text_of, units

TOKEN = "123456789:TEST-token-of-thirty-five-letters-0"  # the form of a real one, and not one
ME = {"id": 123456789, "is_bot": True, "first_name": "Airbridge", "username": "airbridge_bot",
      "can_join_groups": True, "can_read_all_group_messages": False,
      "supports_inline_queries": False}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What goes wrong once. `status` answers in place of the method, with `body` (JSON or text);
    `abort` 'before' or 'after' processing cuts the line; `delay_s` holds the answer back."""

    status: int = 0
    body: Mapping[str, Any] | str = ""
    abort: str = ""
    delay_s: float = 0.0


def flood(seconds: int) -> Fault:
    """429 as documented for exceeding the limits."""
    text = f"Too Many Requests: retry after {seconds}"
    return Fault(429, {"ok": False, "error_code": 429, "description": text,
                       "parameters": {"retry_after": seconds}})  # fmt: skip


def refusal(description: str, code: int = 400, **parameters: int) -> Fault:
    """Any answer with ok = false."""
    return Fault(code, Refused(description, code, **parameters).body)


BAD_GATEWAY = Fault(502, "<html><head><title>502 Bad Gateway</title></head></html>")


@dataclass
class Chat:
    """A chat that the bot may write to. `topics` None: any thread id is taken."""

    id: int
    kind: str = "supergroup"
    title: str = "Desk"
    topics: set[int] | None = None
    dead: str = ""  # the description of a 403
    moved_to: int = 0


@dataclass
class Told:
    """One message as the chat shows it."""

    id: int
    chat: int
    method: str
    html: str
    text: str  # after entity parsing
    thread: int | None = None
    reply_to: int | None = None
    silent: bool = False
    preview: bool = True
    photos: list[bytes] = field(default_factory=list)
    markup: Any = None


class FakeTelegram:
    """`with FakeTelegram() as server:`; `server.api` is the base URL for the client."""

    def __init__(
        self, port: int = 0, token: str = TOKEN, on_told: Callable[[Told], None] = lambda _: None
    ) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self.token = token
        self.api = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.told: list[Told] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.chats: dict[str, Chat] | None = None  # None: every chat exists
        self.updates: list[dict[str, Any]] = []
        self.commands: list[dict[str, str]] = []
        self.deleted: set[int] = set()
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._on_told = on_told
        self._loop = asyncio.new_event_loop()
        self._arrived = asyncio.Event()
        self._polling = False
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    # ------------------------------------------------------------------------- for the test

    def fault(self, method: str, *faults: Fault) -> None:
        """The next calls of `method` ('*': of any) meet these, one each."""
        self._faults[method].extend(faults)

    def update(self, **content: Any) -> None:
        """Something happened in a chat: `message={...}`, `my_chat_member={...}`."""
        self._loop.call_soon_threadsafe(self._push, content)

    def say(self, text: str, chat: Mapping[str, Any], thread: int | None = None) -> None:
        """A human writes."""
        topic = {"message_thread_id": thread, "is_topic_message": True} if thread else {}
        self.update(message={
            "message_id": 900 + len(self.updates), "date": int(time.time()), "chat": dict(chat),
            "from": {"id": 7, "is_bot": False, "first_name": "Ann"}, "text": text, **topic,
        })  # fmt: skip

    def __enter__(self) -> "FakeTelegram":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # ------------------------------------------------------------------------------- server

    async def _start(self) -> None:
        app = web.Application(client_max_size=60_000_000)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()

    async def _stop(self) -> None:
        await self._runner.cleanup()
        rest = asyncio.all_tasks() - {asyncio.current_task()}  # answers held back
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _push(self, content: dict[str, Any]) -> None:
        self.updates.append({"update_id": 1000 + len(self.updates), **content})
        self._arrived.set()

    def _next_fault(self, method: str) -> Fault:
        for name in (method, "*"):
            if self._faults[name]:
                return self._faults[name].popleft()
        return Fault()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        fields = await _fields(request)
        fault = self._next_fault(method)
        if fault.abort == "before":
            return _cut(request)
        if fault.status:
            await asyncio.sleep(fault.delay_s)
            if isinstance(fault.body, str):
                return web.Response(status=fault.status, text=fault.body, content_type="text/html")
            return web.json_response(fault.body, status=fault.status)
        try:
            if request.match_info["token"] != self.token:
                raise Refused("Unauthorized", 401)
            self.calls.append((method, fields))
            body, status = {"ok": True, "result": await self._do(method, fields)}, 200
        except Refused as refused:
            body, status = refused.body, refused.code
        await asyncio.sleep(fault.delay_s)  # processed, and the answer is late
        return _cut(request) if fault.abort == "after" else web.json_response(body, status=status)

    async def _do(self, method: str, fields: dict[str, Any]) -> Any:
        if method == "getUpdates":
            return await self._get_updates(fields)
        act = getattr(self, "_" + re.sub("([A-Z])", r"_\1", method).lower(), None)
        if act is None:
            raise Refused("Not Found", 404)
        return act(fields)

    # ------------------------------------------------------------------------------ methods

    def _get_me(self, fields: dict[str, Any]) -> Any:
        return ME

    def _delete_webhook(self, fields: dict[str, Any]) -> bool:
        return True

    def _set_my_commands(self, fields: dict[str, Any]) -> bool:
        self.commands = fields["commands"]
        return True

    def _answer_callback_query(self, fields: dict[str, Any]) -> bool:
        if units(fields.get("text", "")) > 200:
            raise Refused("Bad Request: MESSAGE_TOO_LONG")
        return True

    def _send_message(self, fields: dict[str, Any]) -> Any:
        html = fields.get("text", "")
        text = text_of(html, fields)
        if not text:
            raise Refused("Bad Request: message text is empty")
        if units(text) > TEXT_LIMIT:
            raise Refused("Bad Request: message is too long")
        return self._tell("sendMessage", fields, html, text, [])

    def _send_photo(self, fields: dict[str, Any]) -> Any:
        photo = photo_of(fields.get("photo"))
        html, text = caption_of(fields)
        return self._tell("sendPhoto", fields, html, text, [photo])

    def _send_media_group(self, fields: dict[str, Any]) -> Any:
        media = fields["media"]
        if not 2 <= len(media) <= 10:
            raise Refused("Bad Request: there must be from 2 to 10 media in an album")
        shown = [(photo_of(fields.get(item["media"].removeprefix("attach://"))),
                  *caption_of(item)) for item in media]  # fmt: skip
        return [self._tell("sendMediaGroup", fields, html, text, [photo])
                for photo, html, text in shown]  # fmt: skip

    def _edit_message_text(self, fields: dict[str, Any]) -> Any:
        return self._edit(fields, fields["text"], text_of(fields["text"], fields))

    def _edit_message_caption(self, fields: dict[str, Any]) -> Any:
        return self._edit(fields, *caption_of(fields))

    def _edit_message_reply_markup(self, fields: dict[str, Any]) -> Any:
        told = self._find(fields)
        return self._edit(fields, told.html, told.text)

    def _edit(self, fields: dict[str, Any], html: str, text: str) -> Any:
        told, markup = self._find(fields), fields.get("reply_markup")
        if (told.text, told.markup) == (text, markup):
            raise Refused("Bad Request: message is not modified: specified new message content "
                          "and reply markup are exactly the same")  # fmt: skip
        told.html, told.text, told.markup = html, text, markup  # no markup: the keyboard goes
        return self._shape(told)

    def _delete_message(self, fields: dict[str, Any]) -> bool:
        self.deleted.add(self._find(fields).id)
        return True

    async def _get_updates(self, fields: dict[str, Any]) -> Any:
        if self._polling:
            raise Refused("Conflict: terminated by other getUpdates request; make sure that only "
                          "one bot instance is running", 409)  # fmt: skip
        self._polling = True
        try:
            offset = fields.get("offset", 0)
            self.updates = [u for u in self.updates if u["update_id"] >= offset]
            if not self.updates and fields.get("timeout"):
                self._arrived.clear()
                try:
                    await asyncio.wait_for(self._arrived.wait(), fields["timeout"])
                except TimeoutError:
                    return []
            return self.updates[: fields.get("limit", 100)]
        finally:
            self._polling = False

    # ------------------------------------------------------------------------------- chats

    def _chat(self, fields: dict[str, Any]) -> Chat:
        key = str(fields.get("chat_id", ""))
        if self.chats is None:
            number = int(key) if key.lstrip("-").isdigit() else -100999
            return Chat(number, "supergroup" if number < 0 else "private")
        chat = self.chats.get(key)
        if chat is None:
            raise Refused("Bad Request: chat not found")
        if chat.moved_to:
            raise Refused("Bad Request: group chat was upgraded to a supergroup chat",
                          migrate_to_chat_id=chat.moved_to)  # fmt: skip
        if chat.dead:
            raise Refused(chat.dead, 403)
        return chat

    def _tell(self, method: str, fields: dict[str, Any], html: str, text: str,
              photos: list[bytes]) -> Any:  # fmt: skip
        chat, thread = self._chat(fields), fields.get("message_thread_id")
        if thread is not None and chat.topics is not None and thread not in chat.topics:
            raise Refused("Bad Request: message thread not found")
        reply = fields.get("reply_parameters") or {}
        reply_to = reply.get("message_id")
        if reply_to is not None and reply_to not in {t.id for t in self.told} - self.deleted:
            if not reply.get("allow_sending_without_reply"):
                raise Refused("Bad Request: message to be replied not found")
            reply_to = None
        preview = not (fields.get("link_preview_options") or {}).get("is_disabled", False)
        told = Told(len(self.told) + 1, chat.id, method, html, text, thread, reply_to,
                    bool(fields.get("disable_notification")), preview, photos,
                    fields.get("reply_markup"))  # fmt: skip
        self.told.append(told)
        self._on_told(told)
        return self._shape(told)

    def _find(self, fields: dict[str, Any]) -> Told:
        for told in self.told:
            if told.id == fields.get("message_id") and told.id not in self.deleted:
                return told
        raise Refused("Bad Request: message to edit not found")

    def _shape(self, told: Told) -> dict[str, Any]:
        chat: dict[str, Any] = {
            "id": told.chat,
            "type": "private" if told.chat > 0 else "supergroup",
        }
        chat["first_name" if told.chat > 0 else "title"] = "Desk"
        shape = {"message_id": told.id, "date": int(time.time()), "chat": chat, "from": ME}
        if told.thread is not None:
            shape |= {"message_thread_id": told.thread, "is_topic_message": True}
        if told.photos:
            size = {
                "file_id": f"f{told.id}",
                "file_unique_id": f"u{told.id}",
                "width": 90,
                "height": 60,
            }
            return shape | {"photo": [size]} | ({"caption": told.text} if told.text else {})
        return shape | {"text": told.text}


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _fields(request: web.Request) -> dict[str, Any]:
    """JSON, urlencoded or multipart; nested values arrive as JSON text in the last two."""
    if request.content_type == "application/json":
        return dict(await request.json())
    fields: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            with value.file:
                fields[name] = value.file.read()
        else:
            fields[name] = _value(name, str(value))
    return fields


def _value(name: str, text: str) -> Any:
    if name in ("text", "caption", "parse_mode", "chat_id", "callback_query_id"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def main() -> None:
    """Print what arrives until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--delay", type=float, default=0, help="seconds before each answer")
    parser.add_argument("--every", type=int, default=0, help="fail every Nth call with 502")
    parser.add_argument("--save", type=Path, help="a folder for the pictures")
    args = parser.parse_args()

    def show(told: Told) -> None:
        facts = [f"#{told.id}", told.method, f"chat={told.chat}"]
        facts += [f"topic={told.thread}"] if told.thread else []
        facts += [f"reply_to={told.reply_to}"] if told.reply_to else []
        facts += ["silent"] if told.silent else []
        facts += [f"photo={len(photo):,} bytes" for photo in told.photos]
        print(f"{time.strftime('%H:%M:%S')} {' '.join(facts)}\n{told.text}\n", flush=True)
        for photo in told.photos if args.save else []:
            (args.save / f"{told.id}.png").write_bytes(photo)

    with FakeTelegram(args.port, args.token, show) as server:
        if args.delay:
            server.fault("*", *[Fault(delay_s=args.delay)] * 100_000)
        elif args.every:
            server.fault("*", *([*[Fault()] * (args.every - 1), BAD_GATEWAY] * 10_000))
        print(f"Bot API at {server.api} token {args.token}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
