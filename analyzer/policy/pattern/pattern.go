// Package pattern owns the patterns of IAM conditions: what a text with wildcards matches, and which of several
// patterns one text can match at a time.
//
// A text may have parts that are not known. Such a part is one letter of its own, a symbol: two texts with the same
// symbol at the same place are the same, and what the symbol stands for may be any text.
package pattern

import "slices"

// Letter is a byte of a text, or, from FirstSymbol on, a part that is not known.
type Letter int32

// FirstSymbol is the first of the symbols.
const FirstSymbol = 256

// Word is a text.
type Word []Letter

// Text makes a word of a known text.
func Text(s string) Word {
	w := make(Word, len(s))
	for i := range len(s) {
		w[i] = Letter(s[i])
	}
	return w
}

// Symbolic tells that a part of the word is not known.
func (w Word) Symbolic() bool {
	return slices.ContainsFunc(w, func(l Letter) bool { return l >= FirstSymbol })
}

type kind uint8

const (
	letter      kind = iota
	folded           // a letter in either case
	one              // ?
	many             // *
	oneInField       // ? in a field of an ARN, which no colon is in
	manyInField      // * in a field of an ARN
	digit
	noDigit
)

type token struct {
	kind   kind
	letter Letter
}

// Pattern is what a condition compares a value with.
type Pattern []token

// Exact matches the word and nothing else.
func Exact(w Word) Pattern {
	p := make(Pattern, len(w))
	for i, l := range w {
		p[i] = token{letter, l}
	}
	return p
}

// Fold matches the word in any case.
func Fold(w Word) Pattern {
	p := Exact(w)
	for i := range p {
		if l := lower(p[i].letter); 'a' <= l && l <= 'z' {
			p[i] = token{folded, l}
		}
	}
	return p
}

// Like takes * and ? for wildcards.
func Like(w Word) Pattern {
	p := Exact(w)
	for i := range p {
		switch p[i].letter {
		case '*':
			p[i] = token{kind: many}
		case '?':
			p[i] = token{kind: one}
		}
	}
	return p
}

// ARN takes * and ? for wildcards, of which none before the fifth colon matches a colon: AWS compares ARNs field by
// field. ok is false for what has fewer fields.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
func ARN(w Word) (p Pattern, ok bool) {
	p = Like(w)
	colons := 0
	for i := range p {
		switch {
		case p[i].kind == letter && p[i].letter == ':':
			colons++
		case p[i].kind == many && colons < 5:
			p[i].kind = manyInField
		case p[i].kind == one && colons < 5:
			p[i].kind = oneInField
		}
	}
	return p, colons >= 5
}

// Digits matches texts of n digits.
func Digits(n int) Pattern { return slices.Repeat(Pattern{{kind: digit}}, n) }

// NoDigit matches any one character but a digit.
func NoDigit() Pattern { return Pattern{{kind: noDigit}} }

// Wild tells that the pattern matches more than one text.
func (p Pattern) Wild() bool {
	return slices.ContainsFunc(p, func(t token) bool { return t.kind != letter })
}

// Symbolic tells that a part of the pattern is not known.
func (p Pattern) Symbolic() bool {
	return slices.ContainsFunc(p, func(t token) bool { return t.kind == letter && t.letter >= FirstSymbol })
}

func lower(l Letter) Letter {
	if 'A' <= l && l <= 'Z' {
		return l + 'a' - 'A'
	}
	return l
}

func upper(l Letter) Letter {
	if 'a' <= l && l <= 'z' {
		return l - 'a' + 'A'
	}
	return l
}

// takes tells whether a token matches a letter. A symbol may be any number of letters, so no ? matches it.
func (t token) takes(l Letter) bool {
	switch t.kind {
	case letter:
		return l == t.letter
	case folded:
		return lower(l) == t.letter
	case one:
		return l < FirstSymbol
	case many:
		return true
	case oneInField:
		return l < FirstSymbol && l != ':'
	case manyInField:
		return l != ':'
	case noDigit:
		return l < FirstSymbol && (l < '0' || '9' < l)
	default:
		return '0' <= l && l <= '9'
	}
}

func (t token) repeats() bool { return t.kind == many || t.kind == manyInField }
