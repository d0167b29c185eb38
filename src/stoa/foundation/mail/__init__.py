"""Mail and text messages: rendered, kept, sent by the queue.

Table: mail_messages. Jobs: DeliverMessage. Templates: templates/<name>.html and .txt, whose first line is the subject.
Without a server to send by, a message stays as "kept", and `/admin/mail` shows it.
"""
