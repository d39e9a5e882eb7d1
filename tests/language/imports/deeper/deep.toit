// helper
import ..hidden show visible

from-the-deep: return visible == "visible" ? "deep" : "lost"
