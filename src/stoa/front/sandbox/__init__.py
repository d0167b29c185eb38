"""The sandbox gateway's own pages: hosted checkout and 3-D Secure. They stand for another company's site."""
