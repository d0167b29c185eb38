// Runs `setUp` once for each element that matches, now and for those that HTMX brings later.
const waiting = []

export function onReady(selector, setUp) {
  const seen = new WeakSet()
  const run = (scope) => {
    for (const element of [...(scope.matches?.(selector) ? [scope] : []), ...scope.querySelectorAll(selector)]) {
      if (seen.has(element)) continue
      seen.add(element)
      setUp(element)
    }
  }
  waiting.push(run)
  run(document)
}

document.addEventListener('htmx:after:settle', () => waiting.forEach((run) => run(document)))
document.addEventListener('htmx:after:swap', () => waiting.forEach((run) => run(document)))
