package pattern

// Match tells whether the pattern certainly matches the word, whatever its symbols stand for.
func (p Pattern) Match(w Word) bool {
	a := newAutomaton([]Pattern{p})
	state := a.start()
	for _, l := range w {
		state = a.step(state, l)
	}
	return a.accepts(state, 0)
}

// maxProduct bounds the comparison of two long patterns: beyond it they may match the same text.
const maxProduct = 1 << 20

// May tells whether the pattern matches the word for some texts that the symbols may stand for.
func (p Pattern) May(w Word) bool { return p.Meets(Exact(w)) }

// Meets tells whether some text may match both patterns, for some texts that their symbols may stand for.
func (p Pattern) Meets(q Pattern) bool {
	for len(p) > 0 && len(q) > 0 && p[0] == q[0] && !p[0].repeats() {
		p, q = p[1:], q[1:]
	}
	for len(p) > 0 && len(q) > 0 && p[len(p)-1] == q[len(q)-1] && !p[len(p)-1].repeats() {
		p, q = p[:len(p)-1], q[:len(q)-1]
	}
	if len(p)*len(q) > maxProduct {
		return true
	}
	// row[j] tells whether p[i:] and q[j:] meet.
	row := make([]bool, len(q)+1)
	for i := len(p); i >= 0; i-- {
		below := row
		row = make([]bool, len(q)+1)
		for j := len(q); j >= 0; j-- {
			switch {
			case i == len(p) && j == len(q):
				row[j] = true
			case i < len(p) && p[i].any():
				row[j] = below[j] || j < len(q) && row[j+1]
			case j < len(q) && q[j].any():
				row[j] = row[j+1] || i < len(p) && below[j]
			case i < len(p) && j < len(q):
				row[j] = p[i].meets(q[j]) && below[j+1]
			}
		}
	}
	return row[0]
}

// any tells a token that may stand for a text of any length.
func (t token) any() bool { return t.repeats() || t.kind == letter && t.letter >= FirstSymbol }

// meets tells whether two tokens for one letter have a letter in common.
func (t token) meets(other token) bool {
	switch {
	case t.kind == letter:
		return other.takes(t.letter)
	case other.kind == letter:
		return t.takes(other.letter)
	case t.kind == folded:
		return other.takes(t.letter) || other.takes(upper(t.letter))
	case other.kind == folded:
		return t.takes(other.letter) || t.takes(upper(other.letter))
	default:
		return true // two wildcards, or digits and a wildcard
	}
}

// Holds tells that the pattern certainly matches every text that another one matches. It misses some.
func (p Pattern) Holds(q Pattern) bool {
	a := newAutomaton([]Pattern{p})
	state := a.start()
	for _, t := range q {
		state = a.cover(state, t)
	}
	return a.accepts(state, 0)
}
