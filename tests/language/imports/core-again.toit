// helper
export Map
