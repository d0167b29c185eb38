"""Pictures people upload: checked by content, turned upright, stripped of metadata, kept as WebP in several sizes.

Tables: media. Files: `media/<id>/<size>.webp` in the storage. Events: MediaUploaded, MediaDeleted. Jobs: RemoveFiles.
"""
