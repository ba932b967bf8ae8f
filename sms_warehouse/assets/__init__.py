"""The assets, in the order data flows: raw (S3), staging, warehouse, reports. Keys read ``<schema>/<table>``."""
