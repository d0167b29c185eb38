"""Files people upload: known by content, scanned, shown as pictures without metadata in several sizes, kept in order.

Tables: media, media_folders, media_uses, media_uploads, media_bandwidth. In the storage: `media/<id>/…`,
`uploads/<id>/…`, `quarantine/<id>`. Events: MediaUploaded, MediaProcessed, MediaDeleted. Jobs: ProcessMedia,
RemoveFiles, RemoveParts, RemovePath. Whoever shows a file calls `actions.note_uses`; whoever hands out a private one
decides first, and then asks `policies.links_to` or `signed_picture`.
"""
