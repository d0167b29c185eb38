// On the pages of a series: where one stopped, and what one has read, as this browser remembers it.
import { onReady } from './ready.js'
import { seriesPlace } from './reader/place.js'

onReady('[data-series-place]', (row) => {
  const place = seriesPlace(row.dataset.seriesPlace)
  const link = row.querySelector('[data-go-on]')
  if (!place?.url || !link) return
  link.href = place.url
  const done = place.share >= 0.97
  link.querySelector('span').textContent = done ? `Chapter ${place.number} again` : `Go on with chapter ${place.number}`
  link.hidden = false
  const start = row.querySelector('[data-start]')
  start?.classList.replace('btn-primary', 'btn-default')
  const label = start?.querySelector('span')
  if (label) label.textContent = 'From the beginning'
})

onReady('[data-chapters]', (list) => {
  const read = new Set(seriesPlace(list.dataset.chapters)?.read)
  for (const item of list.querySelectorAll('[data-chapter]')) {
    if (!read.has(item.dataset.chapter)) continue
    item.dataset.read = ''
    item.querySelector('[data-read-note]').hidden = false
  }
})
