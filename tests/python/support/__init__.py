"""What the wire tests stand on: processes, clients, proxies and readers. No assertions about the product live here."""
