// A chapter of pictures: one page, two, or a strip; to the left or to the right; by keys, by tapping, by buttons.
import { showShare } from './share.js'
import { welcomeBack } from './text.js'

const ZOOMS = [1, 1.25, 1.5, 2, 3]
const typing = (target) => target.closest?.('input, textarea, select, [contenteditable="true"]')

export function mountComic(root, place, toast) {
  const stage = root.querySelector('[data-leaves]')
  const leaves = [...stage.children]
  const bar = root.querySelector('[data-reading-bar]')
  const end = root.querySelector('[data-end]')
  const turn = root.querySelector('[data-turn]')
  const locked = 'locked' in root.dataset
  let spreads = []
  let at = 0
  let zoom = 1

  const mode = () => stage.dataset.mode
  const paged = () => mode() !== 'strip'
  const isRtl = () => stage.dataset.direction === 'rtl'

  // Two pages lie side by side, but for the first, which is a cover, and for spreads that are one picture already.
  const lay = () => {
    if (mode() !== 'double') return leaves.map((_, number) => [number])
    const made = []
    for (const [number, leaf] of leaves.entries()) {
      const last = made.at(-1)
      const alone = (one) => one === 0 || 'double' in leaves[one].dataset
      if (last && last.length === 1 && !alone(last[0]) && !alone(number)) last.push(number)
      else made.push([number])
    }
    return made
  }

  const readUpTo = () => (paged() ? spreads[at].at(-1) : inView())
  const inView = () => {
    const line = innerHeight * 0.4
    const found = leaves.findLastIndex((leaf) => leaf.getBoundingClientRect().top <= line)
    return Math.max(0, found)
  }
  const share = () => {
    if (paged()) return spreads.length < 2 ? 1 : at / (spreads.length - 1)
    const box = stage.getBoundingClientRect()
    return Math.min(1, Math.max(0, (innerHeight - 56 - box.top) / box.height))
  }
  const say = () => {
    const shown = paged() ? spreads[at].map((number) => number + 1) : [inView() + 1]
    showShare(root, share(), `${shown.join('–')} / ${leaves.length}`)
    if (!turn) return
    turn.querySelector('[data-page]').textContent = `Page ${shown.join(' and ')} of ${leaves.length}`
    // By where they lead, not by where they stand: to the right lies what was before where one reads to the left.
    for (const button of turn.querySelectorAll('[data-go]')) {
      const forward = (button.dataset.go === 'right') !== isRtl()
      button.disabled = forward ? at >= spreads.length - 1 && !end : at === 0
      button.setAttribute('aria-label', forward ? 'Next page' : 'Previous page')
      button.dataset.step = forward ? '1' : '-1'
    }
  }
  const ahead = () => {
    for (const number of [...(spreads[at + 1] ?? []), ...(spreads[at + 2] ?? [])]) {
      leaves[number].querySelectorAll('img').forEach((picture) => { picture.loading = 'eager' })
    }
  }
  const show = () => {
    const shown = new Set(paged() ? spreads[at] : leaves.keys())
    for (const [number, leaf] of leaves.entries()) leaf.toggleAttribute('data-shown', shown.has(number))
    stage.toggleAttribute('data-pair', paged() && spreads[at].length === 2)
    if (paged()) ahead()
    say()
  }
  const keep = () => {
    if (locked) return
    const box = leaves[readUpTo()].getBoundingClientRect()
    const part = paged() ? 0 : Math.min(1, Math.max(0, (innerHeight * 0.4 - box.top) / box.height))
    place.keep({ block: paged() ? spreads[at][0] : inView(), part, share: share() })
  }
  const toPage = (number, part = 0) => {
    if (paged()) {
      at = Math.max(0, spreads.findIndex((spread) => spread.includes(Math.min(number, leaves.length - 1))))
      show()
    } else {
      const box = leaves[Math.min(number, leaves.length - 1)].getBoundingClientRect()
      scrollTo({ top: scrollY + box.top + part * box.height - innerHeight * 0.4 * Math.min(1, part * 20), behavior: 'instant' })
      say()
    }
  }
  // From here on a page has the whole screen; before, it stands below the title.
  const scrollToStage = () => {
    stage.dataset.turned = ''
    stage.scrollTo(isRtl() ? stage.scrollWidth : 0, 0)
    stage.scrollIntoView({ block: 'start', behavior: 'instant' })
  }
  const covers = () => {
    const box = stage.getBoundingClientRect()
    return box.top < innerHeight * 0.4 && box.bottom > innerHeight * 0.6
  }
  const atEnd = () => end && end.getBoundingClientRect().top < innerHeight * 0.6
  const step = (by) => {
    if (!paged()) return scrollBy({ top: by * innerHeight * 0.85 })
    if (by > 0 && at === spreads.length - 1) {
      if (!end) return
      keep() // in a chapter of one page nothing was turned that would have kept it
      // Once more at the end of a chapter goes on to the next one.
      if (atEnd() && root.dataset.next) location.href = root.dataset.next
      else {
        end.scrollIntoView({ block: 'start', behavior: 'instant' })
        end.focus({ preventScroll: true })
      }
      return
    }
    if (by < 0 && atEnd() && at === spreads.length - 1) return scrollToStage()
    const next = Math.min(spreads.length - 1, Math.max(0, at + by))
    if (next === at) {
      if (by < 0) toast({ text: 'This is the first page.' })
      return
    }
    at = next
    setZoom(1)
    show()
    scrollToStage()
    bar?.setAttribute('data-away', '')
    history.replaceState(history.state, '', `#page-${spreads[at][0] + 1}`)
    keep()
  }
  const setZoom = (value) => {
    zoom = value
    stage.style.setProperty('--zoom', String(zoom))
    stage.toggleAttribute('data-zoomed', zoom > 1)
    root.querySelectorAll('[data-zoom-value]').forEach((said) => { said.textContent = `${Math.round(zoom * 100)} %` })
  }
  const zoomBy = (by) => setZoom(ZOOMS[Math.min(ZOOMS.length - 1, Math.max(0, ZOOMS.indexOf(zoom) + by))])

  // ---- keys, taps, buttons

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open], details[data-menu][open]')) return
    const onButton = event.target.closest?.('a, button, summary')
    const sideways = isRtl() ? -1 : 1
    const actions = {
      ArrowRight: paged() && (() => step(sideways)),
      ArrowLeft: paged() && (() => step(-sideways)),
      PageDown: paged() && (() => step(1)),
      PageUp: paged() && (() => step(-1)),
      ' ': paged() && !onButton && (() => step(event.shiftKey ? -1 : 1)),
      Home: paged() && (() => { toPage(0); scrollToStage(); keep() }),
      End: paged() && (() => { toPage(leaves.length - 1); scrollToStage(); keep() }),
      '+': () => zoomBy(1),
      '=': () => zoomBy(1),
      '-': () => zoomBy(-1),
      0: () => setZoom(1),
      f: () => cycle('fit'),
      v: () => cycle('mode'),
    }
    if (!actions[event.key]) return
    event.preventDefault()
    actions[event.key]()
  })
  // The form knows what there is, and keeps what was chosen.
  const cycle = (name) => {
    const all = [...root.querySelectorAll(`[data-chair-form] [name="${name}"]`)]
    const next = all[(all.findIndex((one) => one.checked) + 1) % all.length]
    if (!next) return
    next.checked = true
    next.dispatchEvent(new Event('change', { bubbles: true }))
    toast({ text: next.parentElement.textContent.trim(), seconds: 2 })
  }
  stage.addEventListener('click', (event) => {
    if (stage.dataset.taps !== 'on' || zoom > 1 || event.target.closest('a, button, details') || String(getSelection())) return
    const { clientX: x, clientY: y } = event
    const third = paged() ? x / innerWidth : y / innerHeight
    if (third > 1 / 3 && third < 2 / 3) bar?.toggleAttribute('data-away')
    else step((third > 0.5) !== (paged() && isRtl()) ? 1 : -1)
  })
  // With a mouse, where a click leads.
  stage.addEventListener('pointermove', (event) => {
    const turns = event.pointerType === 'mouse' && paged() && stage.dataset.taps === 'on' && zoom === 1
    const third = event.clientX / innerWidth
    stage.style.cursor = !turns || (third > 1 / 3 && third < 2 / 3) ? '' : third > 0.5 ? 'e-resize' : 'w-resize'
  })
  turn?.addEventListener('click', (event) => {
    const button = event.target.closest('[data-go]')
    if (button) step(Number(button.dataset.step))
  })
  for (const button of root.querySelectorAll('[data-zoom]')) {
    button.addEventListener('click', () => zoomBy(Number(button.dataset.zoom)))
  }
  let waiting
  addEventListener('scroll', () => {
    // Beside the pages everything is at hand again.
    if (paged() && !covers()) bar?.removeAttribute('data-away')
    if (paged()) return
    say()
    clearTimeout(waiting)
    waiting = setTimeout(keep, 250)
  }, { passive: true })
  addEventListener('pagehide', () => { if (!paged()) keep() })

  addEventListener('beforeprint', () => stage.querySelectorAll('img').forEach((picture) => { picture.loading = 'eager' }))

  // ---- to begin with

  for (const picture of stage.querySelectorAll('img[data-colour]')) {
    if (!picture.complete) picture.style.backgroundColor = picture.dataset.colour
  }

  const begin = () => {
    bar?.toggleAttribute('data-by-hand', paged())
    spreads = lay()
    at = Math.min(at, spreads.length - 1)
  }
  begin()
  stage.dataset.ready = ''
  const named = location.hash.match(/^#page-(\d+)$/)
  const before = place.recall()
  if (named) toPage(Number(named[1]) - 1)
  else if (before && before.block > 0 && before.share < 0.97) {
    history.scrollRestoration = 'manual'
    toPage(before.block, before.part)
    if (paged()) scrollToStage()
    welcomeBack(root, () => { toPage(0); scrollTo({ top: 0 }) })
  } else show()
  if (!paged()) show()
  if (turn) turn.hidden = false

  return {
    /** Another way to look at it, at the same page. */
    change(apply) {
      const here = readUpTo()
      apply()
      begin()
      show()
      toPage(here)
    },
    settings(chosen) {
      for (const name of ['fit', 'taps']) if (chosen.get(name)) stage.dataset[name] = chosen.get(name)
      for (const [name, drawn] of [['mode', stage.dataset.drawnMode], ['direction', stage.dataset.drawnDirection]]) {
        const value = chosen.get(name)
        if (value) stage.dataset[name] = value === 'drawn' ? drawn : value
      }
    },
  }
}
