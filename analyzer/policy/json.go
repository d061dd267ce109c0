package policy

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// hole stands in the text of a template for a part that is not known. No string of Terraform holds this byte: they
// are valid UTF-8.
const hole = 0xFF

// piece is a part of a template: some bytes of the text, and where they come from.
type piece struct {
	start, end int   // in the text
	offsets    []int // in the file, one for each byte and one for the end; nil where all comes from one place
	file       *source
	at         hcl.Range
	value      terraform.Value // of a hole
}

// template is JSON text with holes.
type template struct {
	text   []byte
	pieces []piece
	reads  *Resolver
}

// maxBytes is ten times what AWS takes for a key policy. Longer text is not read.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
const maxBytes = 10 * 32768

// newTemplate puts the parts of a text together; ok is false where it is too long.
func newTemplate(segments []terraform.Value, file func(name string) *source) (t template, ok bool) {
	for _, segment := range segments {
		p := piece{start: len(t.text), at: segment.Range, value: segment}
		text, known := segment.Text()
		if !known {
			text = string([]byte{hole})
		} else if segment.Origin.Filename != "" && strings.ContainsAny(text, "{}[]\":,\n") {
			if p.file = file(segment.Origin.Filename); p.file != nil {
				p.offsets, _ = p.file.aligned(text, segment.Origin)
			}
		}
		if len(t.text)+len(text) > maxBytes {
			return template{}, false
		}
		t.text = append(t.text, text...)
		p.end = len(t.text)
		t.pieces = append(t.pieces, p)
	}
	return t, true
}

func (t template) piece(offset int) *piece {
	return &t.pieces[min(sort.Search(len(t.pieces), func(i int) bool { return t.pieces[i].end > offset }), len(t.pieces)-1)]
}

// place is where the bytes from start to end are written.
func (t template) place(start, end int) hcl.Range {
	if len(t.pieces) == 0 {
		return hcl.Range{}
	}
	first, last := t.piece(start), t.piece(max(start, end-1))
	from, to := first.place(start, start), last.place(end, end)
	if from.Filename != to.Filename || to.End.Byte < from.Start.Byte {
		return from
	}
	return hcl.Range{Filename: from.Filename, Start: from.Start, End: to.End}
}

func (p *piece) place(start, end int) hcl.Range {
	if p.offsets == nil {
		return p.at
	}
	from, to := p.offsets[start-p.start], p.offsets[end-p.start]
	name := p.value.Origin.Filename
	return hcl.Range{Filename: name, Start: p.file.pos(from), End: p.file.pos(to)}
}

// scanner reads JSON strictly, as AWS does, but for the holes.
type scanner struct {
	template
	at int
}

// syntaxError is JSON that nobody takes.
type syntaxError struct {
	at   hcl.Range
	what string
}

func (e *syntaxError) Error() string { return e.what }

func (s *scanner) fail(what string, args ...any) error {
	return &syntaxError{at: s.place(s.at, s.at), what: fmt.Sprintf(what, args...)}
}

func parse(t template) (*node, error) {
	s := &scanner{template: t}
	n, err := s.value(0)
	if err != nil {
		return nil, err
	}
	for s.skip(); s.at < len(s.text); s.skip() {
		if s.text[s.at] != hole {
			return nil, s.fail("text behind the end of the policy's JSON")
		}
		if v := s.unknown(); n.kind == unknownNode {
			n.value = v
		} else {
			n = &node{at: n.at, value: v} // more of it, or nothing
		}
	}
	return n, nil
}

func (s *scanner) skip() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
}

// unknown goes over a hole.
func (s *scanner) unknown() terraform.Value {
	v := s.piece(s.at).value
	s.at++
	return v
}

func (s *scanner) next() byte {
	s.skip()
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, s.fail("the policy's JSON is nested too deeply")
	}
	c := s.next()
	start := s.at
	n, err := s.valueAt(c, depth)
	if err != nil {
		return nil, err
	}
	n.at = s.place(start, s.at)
	n.text.Range = n.at
	return n, nil
}

func (s *scanner) valueAt(c byte, depth int) (*node, error) {
	switch {
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.list(depth)
	case c == '"':
		text, err := s.string()
		return &node{kind: textNode, text: text}, err
	case c == hole:
		return s.injected(depth), nil
	case c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z':
		return s.word()
	case c == 0:
		return nil, s.fail("the policy's JSON ends too early")
	default:
		return nil, s.fail("a JSON value cannot begin with %q", rune(c))
	}
}

// injected is a part of a template where a whole value stands: the work of jsonencode, or anything.
func (s *scanner) injected(depth int) *node {
	v := s.unknown()
	if encoded, ok := v.Encoded(); ok {
		return (&encoder{reads: s.reads}).node(encoded, depth+1)
	}
	return &node{value: v, many: true, reads: s.reads}
}

// between goes over what separates the members of a list or an object; done tells that it has ended. A hole there
// may be another member.
func (s *scanner) between(n *node, first bool, end byte) (done bool, err error) {
	for s.next() == hole && !first {
		n.open, n.value = true, s.unknown()
	}
	switch c := s.next(); {
	case c == end:
		s.at++
		return true, nil
	case first:
		return false, nil
	case c == ',':
		s.at++
		if s.next() == end {
			return false, s.fail("a comma before %q is no JSON", rune(end))
		}
		return false, nil
	case n.open:
		return false, nil
	default:
		return false, s.fail("a comma or %q is missing in the policy's JSON", rune(end))
	}
}

func (s *scanner) list(depth int) (*node, error) {
	n := &node{kind: listNode}
	s.at++
	for first := true; ; first = false {
		done, err := s.between(n, first, ']')
		if done || err != nil {
			return n, err
		}
		item, err := s.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if item.kind == unknownNode && item.many {
			n.open, n.value = true, item.value
			continue
		}
		n.items = append(n.items, item)
	}
}

func (s *scanner) object(depth int) (*node, error) {
	n := &node{kind: objectNode}
	s.at++
	for first := true; ; first = false {
		done, err := s.between(n, first, '}')
		if done || err != nil {
			return n, err
		}
		switch s.next() {
		case '"':
		case hole:
			n.open, n.value = true, s.unknown()
			continue
		default:
			return nil, s.fail("a name in quotes is missing in the policy's JSON")
		}
		name, err := s.string()
		if err != nil {
			return nil, err
		}
		if s.next() != ':' {
			return nil, s.fail("a colon is missing in the policy's JSON")
		}
		s.at++
		value, err := s.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{name, value})
	}
}

// word reads a number, true, false or null; what has a hole in it is unknown.
func (s *scanner) word() (*node, error) {
	start, holes := s.at, 0
	v := terraform.Value{}
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n,]}:\"{[", s.text[s.at]) < 0 {
		if s.text[s.at] == hole {
			holes++
			v = s.unknown()
			continue
		}
		s.at++
	}
	word := string(s.text[start:s.at])
	switch {
	case holes > 0:
		return &node{value: v}, nil
	case word == "null":
		return &node{kind: nullNode}, nil
	case word == "true" || word == "false":
		return &node{kind: boolNode, text: literal(word, hcl.Range{})}, nil
	case number(word):
		return &node{kind: numberNode, text: literal(word, hcl.Range{})}, nil
	default:
		s.at = start
		return nil, s.fail("a JSON value is missing quotes")
	}
}

// number follows RFC 8259, which has no leading zeros, plus signs or bare points.
func number(word string) bool {
	rest := strings.TrimPrefix(word, "-")
	if rest == "" || rest[0] < '0' || rest[0] > '9' || len(rest) > 1 && rest[0] == '0' && rest[1] >= '0' && rest[1] <= '9' {
		return false
	}
	if strings.ContainsAny(rest, "xXpP_iInN") || strings.HasSuffix(rest, ".") || strings.Contains(rest, ".e") || strings.Contains(rest, ".E") {
		return false
	}
	_, err := strconv.ParseFloat(word, 64)
	return err == nil || strings.Contains(err.Error(), "out of range")
}

// string reads a JSON string; a hole in it is a part of it.
func (s *scanner) string() (Text, error) {
	start := s.at
	var text Text
	var run []byte
	for s.at++; s.at < len(s.text); {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			text.write(string(run))
			text.Range = s.place(start, s.at)
			return text, nil
		case c == hole:
			text.write(string(run))
			run = run[:0]
			text.writeUnknown(s.unknown())
		case c == '\\':
			decoded, err := s.escape()
			if err != nil {
				return Text{}, err
			}
			run = append(run, decoded...)
		case c < 0x20:
			return Text{}, s.fail("a string of the policy's JSON is not closed on its line")
		default:
			run = append(run, c)
			s.at++
		}
	}
	return Text{}, s.fail("a string of the policy's JSON is not closed")
}

func (s *scanner) escape() (string, error) {
	if s.at+1 >= len(s.text) {
		return "", s.fail("a string of the policy's JSON is not closed")
	}
	c := s.text[s.at+1]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		s.at += 2
		return "\"\\/\b\f\n\r\t"[i : i+1], nil
	}
	if c != 'u' {
		return "", s.fail("a string of the policy's JSON has an escape that JSON does not know")
	}
	r, ok := s.unicode()
	if !ok {
		return "", s.fail("a string of the policy's JSON has an escape that JSON does not know")
	}
	s.at += 6
	if utf16.IsSurrogate(r) {
		second, _ := s.unicode()
		if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
			s.at += 6
		}
	}
	return string(r), nil
}

// unicode reads \uXXXX without going over it.
func (s *scanner) unicode() (rune, bool) {
	if s.at+6 > len(s.text) || s.text[s.at] != '\\' || s.text[s.at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.text[s.at+2:s.at+6]), 16, 32)
	return rune(n), err == nil //nolint:gosec // four hexadecimal digits
}
