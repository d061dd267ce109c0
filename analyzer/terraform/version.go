package terraform

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// release is a version's three numbers. A prerelease counts as its release: it has what that one has.
type release [3]int

var (
	// endless is above every version.
	endless = release{math.MaxInt, 0, 0}
	// constraint is one of the conditions between commas.
	// https://developer.hashicorp.com/terraform/language/expressions/version-constraints
	constraint = regexp.MustCompile(`^\s*(=|!=|>=?|<=?|~>)?\s*v?([0-9]{1,9})(?:\.([0-9]{1,9}))?(?:\.([0-9]{1,9}))?(-[0-9A-Za-z.-]+)?\s*$`)
)

func (r release) compare(other release) int {
	for i := range r {
		if c := cmp.Compare(r[i], other[i]); c != 0 {
			return c
		}
	}
	return 0
}

func (r release) String() string { return fmt.Sprintf("%d.%d.%d", r[0], r[1], r[2]) }

// next is the smallest release above this one.
func (r release) next() release { return release{r[0], r[1], r[2] + 1} }

// span is a range of releases: from is in it, to is not.
type span struct{ from, to release }

func everyRelease() span { return span{to: endless} }

func (s span) both(other span) span {
	if other.from.compare(s.from) > 0 {
		s.from = other.from
	}
	if other.to.compare(s.to) < 0 {
		s.to = other.to
	}
	return s
}

func (s span) has(r release) bool { return s.from.compare(r) <= 0 && r.compare(s.to) < 0 }

// empty tells that nothing fulfils the constraints, so they say nothing about what people run.
func (s span) empty() bool { return s.from.compare(s.to) >= 0 }

// constrained reads a version constraint, "~> 5.0, != 5.3.1". A condition that is not understood, and one that only
// takes single releases out, leaves the range as it is.
func constrained(text string) span {
	all := everyRelease()
	for condition := range strings.SplitSeq(text, ",") {
		if m := constraint.FindStringSubmatch(condition); m != nil {
			all = all.both(spanOf(m[1], m[2:5], m[5] != ""))
		}
	}
	return all
}

func spanOf(operator string, numbers []string, prerelease bool) span {
	var at release
	written := 0
	for i, text := range numbers {
		if n, err := strconv.Atoi(text); err == nil {
			at[i], written = n, i+1
		}
	}
	s := everyRelease()
	switch operator {
	case "", "=":
		s.from, s.to = at, at.next()
	case ">=":
		s.from = at
	case ">":
		s.from = at.next()
		if prerelease {
			s.from = at
		}
	case "<":
		s.to = at
	case "<=":
		s.to = at.next()
	case "~>":
		s.from = at
		switch written {
		case 2:
			s.to = release{at[0] + 1, 0, 0}
		case 3:
			s.to = release{at[0], at[1] + 1, 0}
		}
	}
	return s
}
