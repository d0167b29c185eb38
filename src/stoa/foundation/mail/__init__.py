"""Mail and text messages: rendered, kept, sent by the queue."""
