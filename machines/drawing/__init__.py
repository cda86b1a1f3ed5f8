"""How a lifecycle becomes a picture: sketch (what is drawn), layers and places (where), canvas (how)."""
