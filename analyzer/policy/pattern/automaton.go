package pattern

import (
	"encoding/binary"
	"slices"
)

// automaton reads a text for several patterns at once. A state is a set of places in the patterns, as bits: the
// place behind the last token accepts.
type automaton struct {
	tokens []token // of all patterns; at the end of each one that takes nothing
	ends   []int
	words  int
}

type state []uint64

// end takes no letter.
const end kind = 255

func newAutomaton(patterns []Pattern) *automaton {
	a := &automaton{}
	for _, p := range patterns {
		a.tokens = append(append(a.tokens, p...), token{kind: end, letter: -1})
		a.ends = append(a.ends, len(a.tokens)-1)
	}
	a.words = (len(a.tokens) + 63) / 64
	return a
}

func (a *automaton) start() state {
	s := make(state, a.words)
	at := 0
	for _, end := range a.ends {
		a.enter(s, at)
		at = end + 1
	}
	return s
}

// enter adds a place, and what can be reached from it by a * that stands for nothing.
func (a *automaton) enter(s state, at int) {
	for ; ; at++ {
		s[at/64] |= 1 << (at % 64)
		if !a.tokens[at].repeats() {
			return
		}
	}
}

func (s state) places(yield func(int) bool) {
	for i, word := range s {
		for bit := 0; word != 0; bit++ {
			if word&1 == 1 && !yield(i*64+bit) {
				return
			}
			word >>= 1
		}
	}
}

func (a *automaton) step(s state, l Letter) state {
	next := make(state, a.words)
	for at := range s.places {
		t := a.tokens[at]
		switch {
		case t.kind == end || !t.takes(l):
		case t.repeats():
			a.enter(next, at)
		default:
			a.enter(next, at+1)
		}
	}
	return next
}

// cover steps over all that a token of another pattern matches.
func (a *automaton) cover(s state, other token) state {
	next := make(state, a.words)
	for at := range s.places {
		t := a.tokens[at]
		switch {
		case t.kind == end:
		case t.repeats() && (t.kind == many || other.kind == manyInField || other.kind == oneInField || other.kind == digit ||
			other.kind == folded || other.kind == letter && other.letter != ':'):
			a.enter(next, at)
		case t.repeats() || other.repeats():
		case t == other, t.kind == one && !(other.kind == letter && other.letter >= FirstSymbol),
			other.kind == letter && t.takes(other.letter):
			a.enter(next, at+1)
		}
	}
	return next
}

func (a *automaton) accepts(s state, i int) bool {
	at := a.ends[i]
	return s[at/64]>>(at%64)&1 == 1
}

func (s state) key() string {
	b := make([]byte, 0, 8*len(s))
	for _, word := range s {
		b = binary.LittleEndian.AppendUint64(b, word)
	}
	return string(b)
}

// maxSteps bounds the search for words: 5 million words of bits are some ten milliseconds.
const maxSteps = 5 << 20

// Partition gives one word for each set of patterns that a text can match at a time, the shortest first. Where
// domain is not empty, only texts count that one of its patterns matches. ok is false where there is too much to
// search; then words are missing.
func Partition(patterns, domain []Pattern) (words []Word, ok bool) {
	a := newAutomaton(append(slices.Clone(patterns), domain...))
	alphabet := a.alphabet()
	type visit struct {
		state state
		word  Word
	}
	first := a.start()
	queue := []visit{{first, nil}}
	seen := map[string]bool{first.key(): true}
	found := map[string]bool{}
	for steps := 0; len(queue) > 0; queue = queue[1:] {
		v := queue[0]
		if vector, inside := a.vector(v.state, len(patterns)); inside && !found[vector] {
			found[vector] = true
			words = append(words, v.word)
		}
		for _, l := range alphabet {
			if steps += a.words; steps > maxSteps {
				return words, false
			}
			next := a.step(v.state, l)
			if key := next.key(); !seen[key] {
				seen[key] = true
				queue = append(queue, visit{next, append(slices.Clip(v.word), l)})
			}
		}
	}
	return words, true
}

// vector says which patterns accept, and whether the text is in the domain.
func (a *automaton) vector(s state, patterns int) (vector string, inside bool) {
	b := make([]byte, patterns)
	for i := range a.ends {
		switch accepts := a.accepts(s, i); {
		case i >= patterns:
			inside = inside || accepts
		case accepts:
			b[i] = 1
		}
	}
	return string(b), inside || len(a.ends) == patterns
}

// alphabet is all letters that a token tells apart, and one that none does.
func (a *automaton) alphabet() []Letter {
	letters := map[Letter]bool{}
	for _, t := range a.tokens {
		switch t.kind {
		case letter:
			letters[t.letter] = true
		case folded:
			letters[t.letter], letters[upper(t.letter)] = true, true
		case oneInField, manyInField:
			letters[':'] = true
		case digit, noDigit:
			for l := Letter('0'); l <= '9'; l++ {
				letters[l] = true
			}
		default:
		}
	}
	var list []Letter
	for l := range letters {
		list = append(list, l)
	}
	slices.Sort(list)
	for _, fresh := range Text("xyzqwvkj") {
		if !letters[fresh] {
			return append(list, fresh)
		}
	}
	for fresh := Letter(1); fresh < FirstSymbol; fresh++ {
		if !letters[fresh] {
			return append(list, fresh)
		}
	}
	return list
}
