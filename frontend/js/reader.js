// The reader of chapters: only their pages fetch it. Everything here is an addition to a page that is whole without it.
import { mountComic } from './reader/comic.js'
import { mountText } from './reader/text.js'
import { mountSettings } from './reader/settings.js'
import { preload } from './reader/ahead.js'

export function mount(root, { csrf, toast, placeOf }) {
  const place = placeOf(root)
  const reader = root.querySelector('[data-leaves]') ? mountComic(root, place, toast) : mountText(root, place)
  for (const form of root.querySelectorAll('[data-chair-form]')) mountSettings(form, reader, { csrf, toast })
  preload(root, csrf)
  root.dataset.ready = ''
}
