// A chapter of text: how far one is, the place that is remembered, and the same line at the top whatever the type does.
import { showShare } from './share.js'

const LINE = 84 // what the eyes are on, in pixels below the upper edge: below the bar

export function mountText(root, place) {
  const text = root.querySelector('[data-text]')
  let moved = false

  const blocks = () => [...text.children].filter((block) => !block.matches('.sidenote') && block.offsetHeight)
  const where = () => {
    const all = blocks()
    const found = all.findIndex((block) => block.getBoundingClientRect().bottom > LINE)
    const number = found < 0 ? all.length - 1 : found
    const box = all[number]?.getBoundingClientRect()
    return { block: number, part: box ? Math.min(1, Math.max(0, (LINE - box.top) / box.height)) : 0, share: share() }
  }
  const share = () => {
    const box = text.getBoundingClientRect()
    const bottom = innerHeight - 56
    if (box.height <= bottom - LINE) return box.top < innerHeight ? 1 : 0
    return Math.min(1, Math.max(0, (LINE - box.top) / (box.height - (bottom - LINE))))
  }
  const go = ({ block, part, share: known }) => {
    const all = blocks()
    const box = all[block]?.getBoundingClientRect()
    // The text may be another one by now: then as far into the whole.
    const y = box ? scrollY + box.top + part * box.height - LINE : scrollY + text.getBoundingClientRect().top + known * text.offsetHeight - LINE
    scrollTo({ top: y, behavior: 'instant' })
  }

  const say = () => showShare(root, share())
  let waiting
  const keep = () => { if (!('locked' in root.dataset) && moved) place.keep(where()) }
  addEventListener('scroll', () => {
    say()
    clearTimeout(waiting)
    waiting = setTimeout(keep, 250)
  }, { passive: true })
  for (const name of ['wheel', 'touchmove', 'keydown', 'pointerdown']) addEventListener(name, () => { moved = true }, { passive: true })
  addEventListener('pagehide', keep)
  document.addEventListener('visibilitychange', () => { if (document.hidden) keep() })

  const before = place.recall()
  if (before && !location.hash && before.share > 0.01 && before.share < 0.97) {
    history.scrollRestoration = 'manual'
    go(before)
    document.fonts.ready.then(() => { if (!moved) go(before) })
    welcomeBack(root, () => { moved = true; scrollTo({ top: 0 }) })
  }
  say()

  // A tap at a side turns a screen, for who wants that; in the middle it brings the bars, or takes them away.
  const bar = root.querySelector('[data-reading-bar]')
  text.addEventListener('click', (event) => {
    if (root.dataset.sides !== 'on' || event.target.closest('a, button, summary, .spoiler') || String(getSelection())) return
    const third = event.clientX / innerWidth
    if (third > 1 / 3 && third < 2 / 3) return bar?.toggleAttribute('data-away')
    moved = true
    scrollBy({ top: (third > 0.5 ? 1 : -1) * (innerHeight - LINE - 72) })
  })

  return {
    settings(chosen) {
      if (chosen.get('sides')) root.dataset.sides = chosen.get('sides')
    },
    /** Does something to the type, and stays at the same line. */
    async change(apply) {
      const here = where()
      const atTop = scrollY < 8
      apply()
      if (atTop) return
      go(here)
      await document.fonts.ready
      go(here)
    },
  }
}

/** Says that this is where one stopped, and offers the beginning. */
export function welcomeBack(root, restart) {
  const note = root.querySelector('[data-back]')
  if (!note) return
  note.hidden = false
  const leave = () => { note.hidden = true }
  note.querySelector('button').addEventListener('click', () => { leave(); restart() })
  let timer = setTimeout(leave, 9000)
  note.addEventListener('focusin', () => clearTimeout(timer))
  note.addEventListener('focusout', () => { timer = setTimeout(leave, 4000) })
}
