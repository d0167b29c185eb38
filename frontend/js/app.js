// Loaded by every page, after it is parsed. Everything here is an addition: pages work without it.
import './requests.js'
import './toasts.js'
import './overlays.js'
import './forms.js'
import './keys.js'
import './reading.js'
import './series.js'
import './gift.js'
import './copy.js'
import './account.js'
import './guard.js'
import './media.js'
import './order.js'
import './pages.js'
import './passkeys.js'
import './site.js'
import { placeOf } from './reader/place.js'
import { onReady } from './ready.js'
import { csrf } from './requests.js'
import { toast } from './toasts.js'

// The editor is several times larger than everything else, so only the page that writes fetches it.
const editorUrl = document.querySelector('script[data-editor]')?.dataset.editor
onReady('[data-editor-root]', (root) => import(new URL(editorUrl, location.href).href).then(({ mount }) => mount(root, { csrf, toast })))

// So the reader of chapters.
onReady('[data-chair]', (root) => import(new URL(root.dataset.script, location.href).href).then(({ mount }) => mount(root, { csrf, toast, placeOf })))
