package pattern

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// glob is the plain recursive definition of a pattern.
func glob(p, s string) bool {
	switch {
	case p == "":
		return s == ""
	case p[0] == '*':
		return glob(p[1:], s) || s != "" && glob(p, s[1:])
	case s == "":
		return false
	default:
		return (p[0] == '?' || p[0] == s[0]) && glob(p[1:], s[1:])
	}
}

// texts are all over a small alphabet up to a length.
func texts(alphabet string, most int) []string {
	list := []string{""}
	for from := 0; most > 0; most-- {
		to := len(list)
		for _, s := range list[from:to] {
			for _, c := range alphabet {
				list = append(list, s+string(c))
			}
		}
		from = to
	}
	return list
}

func TestLikeIsTheDefinition(t *testing.T) {
	t.Parallel()
	words := texts("ab", 4)
	for _, p := range texts("a*?b", 4) {
		like := Like(Text(p))
		for _, s := range words {
			if got := like.Match(Text(s)); got != glob(p, s) {
				t.Fatalf("%q matches %q: %t", p, s, got)
			}
		}
	}
}

func TestMeetsAndHolds(t *testing.T) {
	t.Parallel()
	patterns, words := texts("a*?", 3), texts("ab", 5)
	for _, p := range patterns {
		for _, q := range patterns {
			meets, holds := false, true
			for _, s := range words {
				meets = meets || glob(p, s) && glob(q, s)
				holds = holds && (!glob(q, s) || glob(p, s))
			}
			if got := Like(Text(p)).Meets(Like(Text(q))); got != meets {
				t.Errorf("%q meets %q: %t", p, q, got)
			}
			if Like(Text(p)).Holds(Like(Text(q))) && !holds {
				t.Errorf("%q is said to hold all of %q", p, q)
			}
		}
	}
	if !Like(Text("arn:*:role/*")).Holds(Like(Text("arn:aws:*:role/x*"))) {
		t.Error("what certainly holds another is not seen")
	}
}

func TestPartitionFindsEveryCombination(t *testing.T) {
	t.Parallel()
	words := texts("abx", 5)
	all := []string{"a*", "*b", "ab", "a?b", "*", "b", "", "*a*b*"}
	for mask := range 1 << len(all) {
		var patterns []Pattern
		var chosen []string
		for i, p := range all {
			if mask>>i&1 == 1 {
				patterns, chosen = append(patterns, Like(Text(p))), append(chosen, p)
			}
		}
		vector := func(s string) string {
			return fmt.Sprint(slices.Collect(func(yield func(bool) bool) {
				for _, p := range chosen {
					if !yield(glob(p, s)) {
						return
					}
				}
			}))
		}
		want, got := map[string]bool{}, map[string]bool{}
		for _, s := range words {
			want[vector(s)] = true
		}
		found, ok := Partition(patterns, nil)
		for _, w := range found {
			got[vector(text(w))] = true
		}
		if !ok || len(got) != len(found) || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q: %d words with %d combinations of %d", chosen, len(found), len(got), len(want))
		}
	}
}

func text(w Word) string {
	var out strings.Builder
	for _, l := range w {
		out.WriteByte(byte(l))
	}
	return out.String()
}

func TestPartitionWithinADomain(t *testing.T) {
	t.Parallel()
	words, ok := Partition([]Pattern{Like(Text("2*")), Like(Text("22"))}, []Pattern{Digits(2)})
	var got []string
	for _, w := range words {
		got = append(got, text(w))
	}
	if slices.Sort(got); !ok || fmt.Sprint(got) != "[00 20 22]" {
		t.Errorf("found %v", got)
	}
}

func TestPartitionIsBounded(t *testing.T) {
	t.Parallel()
	var patterns []Pattern
	for i := range 40 {
		patterns = append(patterns, Like(Text(fmt.Sprintf("*a%db*c%dd*e%df*", i, i, i))))
	}
	if _, ok := Partition(patterns, nil); ok {
		t.Error("the search for more combinations than anybody can look at comes to an end by itself")
	}
}

func TestARNs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:role/x", true},
		{"arn:aws:*:role/x", "arn:aws:iam::111122223333:role/x", false},
		{"arn:*:iam::1:role/x", "arn:aws:iam::1:role/x", true},
		{"arn:*:1:role/x", "arn:aws:iam::1:role/x", false},
		{"arn:aws:logs:*:1:*", "arn:aws:logs:eu:1:log-group:a:b", true},
		{"arn:aws:logs:*:1:*", "arn:aws:logs:eu:x:1:a", false},
		{"arn:aws:s3:::?", "arn:aws:s3::::", true},
		{"arn:aws:s3:?::a", "arn:aws:s3::::a", false},
	} {
		p, ok := ARN(Text(c.pattern))
		if got := ok && p.Match(Text(c.text)); got != c.want {
			t.Errorf("%q matches %q: %t", c.pattern, c.text, got)
		}
	}
	if _, ok := ARN(Text("arn:aws:*")); ok {
		t.Error("a pattern with too few fields passes for one of an ARN")
	}
}

// TestSymbols is about texts that are not known: x and y are such.
func TestSymbols(t *testing.T) {
	t.Parallel()
	const x, y Letter = FirstSymbol, FirstSymbol + 1
	word := func(parts ...any) Word {
		var w Word
		for _, part := range parts {
			switch part := part.(type) {
			case string:
				w = append(w, Text(part)...)
			case Letter:
				w = append(w, part)
			}
		}
		return w
	}
	for _, c := range []struct {
		pattern    Pattern
		word       Word
		match, may bool
	}{
		{Exact(word("a", x)), word("a", x), true, true},
		{Exact(word("a", x)), word("a", y), false, true},
		{Exact(word("a", x)), word("ab"), false, true},
		{Exact(word("a", x)), word("b", x), false, false},
		{Exact(word(x, "a")), word(x, "b"), false, false},
		{Exact(word(x, "a")), word("a", x), false, true},
		{Exact(word("s3.", x, ".com")), word("ec2.", x, ".com"), false, false},
		{Like(word("a*")), word("a", x), true, true},
		{Like(word("a?")), word("a", x), false, true},
		{Like(word("*/", x)), word("b/", x), true, true},
		{Digits(3), word(x), false, true},
		{Digits(3), word("a", x), false, false},
		{Fold(word("AB", x)), word("ab", x), true, true},
		{Fold(word("AB")), word("ac", x), false, false},
	} {
		if match, may := c.pattern.Match(c.word), c.pattern.May(c.word); match != c.match || may != c.may {
			t.Errorf("%v and %v: matches %t, may %t", c.pattern, c.word, match, may)
		}
	}
}

// FuzzPartition holds the words that are found against the patterns, and against each other.
func FuzzPartition(f *testing.F) {
	f.Add("a*b", "*", "?b", "arn:aws:iam::*:role/*")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		if len(a)+len(b)+len(c)+len(d) > 200 {
			return
		}
		patterns := []Pattern{Like(Text(a)), Fold(Text(b)), Exact(Text(c))}
		if p, ok := ARN(Text(d)); ok {
			patterns = append(patterns, p)
		}
		words, ok := Partition(patterns, nil)
		seen := map[string]bool{}
		for _, w := range words {
			vector := ""
			for _, p := range patterns {
				vector += fmt.Sprint(p.Match(w))
			}
			if seen[vector] {
				t.Errorf("two words for one combination: %v", w)
			}
			seen[vector] = true
		}
		for _, s := range []string{a, b, c, d} {
			vector := ""
			for _, p := range patterns {
				vector += fmt.Sprint(p.Match(Text(s)))
			}
			if ok && !seen[vector] {
				t.Errorf("no word for the combination of %q", s)
			}
		}
	})
}
