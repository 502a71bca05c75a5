"""The look of the page: a phone's chat, light and dark, 390 px and up. Plain CSS, no scripts."""

STYLE = """
:root {
  --page: #eef1f4; --ink: #17212b; --soft: #5b6b79; --wall: #cfe0ea; --wall2: #dbe7dc;
  --bubble: #ffffff; --name: #2f7fbf; --link: #1f75b5; --time: #8695a2; --bar: #4a9ad6;
  --quote: #eaf3fa; --pill: rgba(60, 84, 104, .42); --edge: rgba(23, 33, 43, .14);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0b1016; --ink: #e9eef3; --soft: #93a3b1; --wall: #0e1824; --wall2: #121d24;
    --bubble: #18232f; --name: #6cb8ee; --link: #71baf2; --time: #718394; --bar: #5aa9e6;
    --quote: #1f3040; --pill: rgba(20, 30, 40, .8); --edge: rgba(0, 0, 0, .5);
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.4 system-ui, -apple-system, Roboto, "Segoe UI", "DejaVu Sans", "Noto Color Emoji",
    sans-serif;
}
header, section { max-width: 34rem; margin: 0 auto; }
header { padding: 2rem 1rem .25rem; }
h1 { margin: 0 0 .5rem; font-size: 1.55rem; line-height: 1.2; text-wrap: balance; }
h2 { margin: 0 0 .4rem; font-size: 1.15rem; line-height: 1.25; padding: 0 1rem; }
header p, section > p { margin: 0 0 .7rem; color: var(--soft); font-size: .95rem; }
section > p { padding: 0 1rem; }
section { padding: 1.5rem 0 .5rem; }
.chat {
  padding: .75rem .5rem 1rem; background: linear-gradient(160deg, var(--wall), var(--wall2));
}
.day { margin: .5rem 0 .65rem; text-align: center; }
.day time {
  display: inline-block; padding: .12rem .65rem; border-radius: 1rem; background: var(--pill);
  color: #fff; font-size: .8rem; font-weight: 600;
}
.bubble {
  width: fit-content; max-width: min(100%, 30rem); margin: 0 2.2rem .4rem 0; padding: .4rem .7rem;
  overflow: hidden; background: var(--bubble); border-radius: 1rem 1rem 1rem .3rem;
  box-shadow: 0 1px 1.5px var(--edge);
}
.photo { width: 100%; padding: .4rem 0; }
.photo > .sender, .photo > .text { padding: 0 .7rem; }
.photo > blockquote { margin-left: .7rem; margin-right: .7rem; }
.sender { margin: 0 0 .15rem; color: var(--name); font-size: .88rem; font-weight: 600; }
.text { white-space: pre-wrap; overflow-wrap: break-word; font-size: .97rem; line-height: 1.37; }
.text::after { content: ""; display: block; clear: both; }
.text a { color: var(--link); text-decoration: none; }
.text a:hover { text-decoration: underline; }
.text time {
  float: right; margin: .45rem 0 -.1rem .8rem; color: var(--time); font-size: .75rem;
  line-height: 1;
}
blockquote {
  margin: .2rem 0 .35rem; padding: .2rem .5rem; border-left: 3px solid var(--bar);
  border-radius: .3rem; background: var(--quote); font-size: .85rem; line-height: 1.3;
}
blockquote b { display: block; color: var(--name); font-weight: 600; }
blockquote span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.album { display: flex; gap: 2px; margin: .15rem 0 .45rem; }
.album.tall { flex-direction: column; }
.album.row img { flex: 1 1 0; min-width: 0; object-fit: cover; }
.album img { display: block; width: 100%; height: auto; }
@media (min-width: 40rem) {
  header, section { max-width: 37rem; }
  .chat { padding: 1rem .9rem 1.2rem; border-radius: 1rem; }
  header, h2, section > p { padding-left: .25rem; padding-right: .25rem; }
}
@media print { body { background: none; } .bubble { break-inside: avoid; } }
"""
