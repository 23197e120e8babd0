// Runs in the page at `/`: asks for its changing part again and again, and changes what differs.
//
// Nodes that stay are kept, so that focus, selection, scroll and open details stay with them. It
// does nothing while the page is hidden, and says when the gateway does not answer.
{
  const state = document.getElementById('hc-state');
  const refreshMs = Number(state.dataset.refreshMs);
  const ANSWER_MS = 10_000;

  const isSame = (a, b) =>
    a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id ?? '') === (b.id ?? '');

  function sameAttributes(from, to) {
    for (const { name } of [...from.attributes]) {
      // Whether details are open is the reader's.
      if (!to.hasAttribute(name) && name !== 'open') from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) {
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
  }

  /** Makes the children of `from` those of `to`, moving those that carry an id. */
  function morph(from, to) {
    let place = from.firstChild;
    for (const wanted of [...to.childNodes]) {
      const known = wanted.id ? from.querySelector(`:scope > #${CSS.escape(wanted.id)}`) : place;
      if (known && isSame(known, wanted)) {
        if (known === place) place = place.nextSibling;
        else from.insertBefore(known, place);
        if (known.nodeType === Node.TEXT_NODE) {
          if (known.data !== wanted.data) known.data = wanted.data;
        } else {
          sameAttributes(known, wanted);
          morph(known, wanted);
        }
      } else {
        from.insertBefore(wanted, place);
      }
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  function say(text, isGone) {
    state.classList.toggle('gone', isGone);
    if (state.textContent !== text) state.textContent = text;
  }

  async function refresh() {
    const address = new URL(location.href);
    address.searchParams.set('part', 'live');
    try {
      const answer = await fetch(address, {
        headers: { accept: 'text/html' },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const part = fresh.getElementById('hc-live');
      if (part === null) throw new Error('another page');
      morph(document.getElementById('hc-live'), part);
      say('live', false);
    } catch {
      say('the gateway does not answer: what is shown is old', true);
    }
  }

  let timer;
  async function turn() {
    clearTimeout(timer);
    if (document.hidden) {
      say('paused', false);
      return;
    }
    await refresh();
    clearTimeout(timer);
    timer = setTimeout(turn, refreshMs);
  }
  document.addEventListener('visibilitychange', turn);
  say('live', false);
  timer = setTimeout(turn, refreshMs);
}
