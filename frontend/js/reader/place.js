// Where somebody stopped, kept in this browser: the place in each chapter, the chapter in each series, and what was read to its end.
const MOST = 400
const PREFIX = 'stoa.reading.'
const READ_AT = 0.97

function load(key) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key))
  } catch {
    return null // kept by another version, or nothing may be kept here
  }
}

function save(key, value) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value))
  } catch {
    // a full or closed store: reading goes on without
  }
}

/** What lies longest is forgotten first. */
function prune() {
  const kept = Object.keys(localStorage).filter((key) => key.startsWith(`${PREFIX}place.`))
  if (kept.length <= MOST) return
  const aged = kept.map((key) => [load(key.slice(PREFIX.length))?.at ?? 0, key]).sort(([a], [b]) => a - b)
  for (const [, key] of aged.slice(0, kept.length - MOST)) localStorage.removeItem(key)
}

export function placeOf(root) {
  const { chapter, series, url, number, name } = root.dataset
  return {
    /** {block, part, share}: so far into the block of this number; `share` of the whole. */
    recall: () => load(`place.${chapter}`),
    keep(place) {
      const at = Date.now()
      const before = load(`series.${series}`)
      const read = new Set(before?.read ?? [])
      if (place.share >= READ_AT) read.add(chapter)
      save(`place.${chapter}`, { ...place, at })
      save(`series.${series}`, { chapter, url, number, name, share: place.share, at, read: [...read].slice(-5000) })
      try { prune() } catch { /* nothing may be kept here */ }
    },
  }
}

export const seriesPlace = (series) => load(`series.${series}`)
