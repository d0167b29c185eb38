// [data-order]: a list whose items are put into another order by dragging or by keys. Without this each item has a field
// with its place in it, which the server reads; with it those fields are filled as the items move.
//
//   <ol data-order><li data-order-item data-name="Chapter 3">
//     <button type="button" data-order-handle hidden>…</button>        drag it; arrow keys, Home and End move its item
//     <span data-order-place><input name="place-<id>" …></span></li></ol>    hidden while the list is ordered by hand
//
// `order:change` bubbles from the list after each move. [data-order-said] of the same form or section tells what happened.
import { onReady } from './ready.js'

const EDGE_PX = 72 // so near the edge of the window the page scrolls along

onReady('[data-order]', (list) => {
  const items = () => [...list.querySelectorAll(':scope > [data-order-item]')]
  const said = (list.closest('form, section') ?? document).querySelector('[data-order-said]')
  const name = (item) => item.dataset.name || 'It'
  let held = null

  const number = () => items().forEach((item, at) => {
    const field = item.querySelector('[data-order-place] input')
    if (field) field.value = String(at + 1)
    const shown = item.querySelector('[data-order-number]')
    if (shown) shown.textContent = String(at + 1)
  })
  const changed = (item) => {
    number()
    if (said) said.textContent = `${name(item)} is now number ${items().indexOf(item) + 1} of ${items().length}.`
    list.dispatchEvent(new CustomEvent('order:change', { bubbles: true, detail: { item } }))
  }
  const put = (item, at) => {
    const others = items().filter((one) => one !== item)
    const place = Math.min(others.length, Math.max(0, at))
    if (items().indexOf(item) === place) return false
    list.insertBefore(item, others[place] ?? null)
    return true
  }
  /** The place among the others for what is held at a point: before the first whose middle lies beyond it, in reading order. */
  const placeAt = (x, y) => {
    const others = items().filter((one) => one !== held)
    const boxes = others.map((one) => one.getBoundingClientRect())
    const found = boxes.findIndex((box) => y < box.top || (y <= box.bottom && (
      boxes.some((other) => other !== box && other.top < box.bottom && other.bottom > box.top && other.left !== box.left)
        ? x < box.left + box.width / 2
        : y < box.top + box.height / 2
    )))
    return found < 0 ? others.length : found
  }

  for (const item of items()) {
    const handle = item.querySelector('[data-order-handle]')
    item.querySelector('[data-order-place]')?.setAttribute('hidden', '')
    handle.hidden = false
    handle.addEventListener('keydown', (event) => {
      const at = items().indexOf(item)
      const to = { ArrowUp: at - 1, ArrowLeft: at - 1, ArrowDown: at + 1, ArrowRight: at + 1, Home: 0, End: items().length }[event.key]
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      if (!put(item, to)) return
      handle.focus() // moving an element takes the focus from it
      item.scrollIntoView({ block: 'nearest' })
      changed(item)
    })
    handle.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || held) return
      event.preventDefault()
      const before = items().indexOf(item)
      held = item
      item.dataset.held = ''
      // On the window: an element that is moved loses the pointer it had captured.
      const move = (next) => {
        if (next.pointerId !== event.pointerId) return
        if (next.clientY < EDGE_PX) scrollBy(0, -12)
        else if (next.clientY > innerHeight - EDGE_PX) scrollBy(0, 12)
        put(item, placeAt(next.clientX, next.clientY))
      }
      const drop = (next) => {
        if (next.pointerId !== event.pointerId) return
        removeEventListener('pointermove', move)
        for (const end of ['pointerup', 'pointercancel']) removeEventListener(end, drop)
        held = null
        delete item.dataset.held
        handle.focus()
        if (items().indexOf(item) !== before) changed(item)
      }
      addEventListener('pointermove', move)
      for (const end of ['pointerup', 'pointercancel']) addEventListener(end, drop)
    })
  }
  list.dataset.orderReady = ''
  number()
})
