def comparisons(o): return []
