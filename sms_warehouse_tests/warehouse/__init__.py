"""Facts, dimensions and reports: landed events in, tables out, over the real driver."""
