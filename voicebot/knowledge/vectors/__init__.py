"""Where the vectors of an index are searched: flat, IVF or a Milvus server, behind one door."""
