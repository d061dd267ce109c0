package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Text is a string of a policy: an action, an ARN, a condition's value. The zero Text is the empty string.
type Text struct {
	Parts []Part // in order; no two literals side by side, none of them empty
	Range hcl.Range
}

// Part is a piece of a Text: literal, or a value that the configuration does not decide.
type Part struct {
	Literal string
	Unknown *terraform.Value // nil for a literal
}

// Known is the whole string; ok is false where a part of it is not known.
func (t Text) Known() (s string, ok bool) {
	switch {
	case len(t.Parts) == 0:
		return "", true
	case len(t.Parts) == 1 && t.Parts[0].Unknown == nil:
		return t.Parts[0].Literal, true
	default:
		return "", false
	}
}

// Is tells whether the string is s. A literal part that s does not have at its place decides against it.
func (t Text) Is(s string) terraform.Truth {
	if known, ok := t.Known(); ok {
		return truth(known == s)
	}
	first, last := t.Parts[0], t.Parts[len(t.Parts)-1]
	if !strings.HasPrefix(s, first.Literal) || !strings.HasSuffix(s, last.Literal) {
		return terraform.False
	}
	if len(t.Parts) == 1 {
		return first.Unknown.IsString(s)
	}
	return terraform.Undecided
}

// Reference is what the whole string refers to: a resource's ARN, an account's number. nil where it is anything
// else.
func (t Text) Reference() *terraform.Reference {
	if len(t.Parts) != 1 || t.Parts[0].Unknown == nil {
		return nil
	}
	return t.Parts[0].Unknown.Reference
}

// Symbol writes the string with its unknown parts by name: "arn:aws:iam::${data.aws_caller_identity.x.account_id}:root",
// "${var.admin}"; see terraform.Value.Symbol. Two texts of one root module with the same symbol are the same string. ok
// is false where a part is not known even by name; then Symbol shows it as "${?}".
func (t Text) Symbol() (symbol string, ok bool) {
	var out strings.Builder
	ok = true
	for _, part := range t.Parts {
		if part.Unknown == nil {
			out.WriteString(strings.ReplaceAll(part.Literal, "${", "$${")) // no literal passes for a reference
			continue
		}
		name, named := part.Unknown.Symbol()
		if !named {
			name, ok = "?", false
		}
		out.WriteString("${" + name + "}")
	}
	return out.String(), ok
}

// Words shows the string to a reader: its symbol as Readable.
func (t Text) Words() string {
	symbol, _ := t.Symbol()
	return Readable(symbol)
}

// Readable is a symbol without the digests that tell values of one name apart.
func Readable(symbol string) string { return digest.ReplaceAllString(symbol, "$1") }

// digest is what a symbol holds besides names: the digest of what var files say of a variable, or of a long expression.
var digest = regexp.MustCompile(`(var\.[\w-]+|\$\{)#[0-9a-f]{8,}`)

// Variants are the strings that a condition which is not known chooses from; ok is false where they are not all known,
// or there is no such condition.
func (t Text) Variants() (variants []string, ok bool) {
	if len(t.Parts) != 1 || t.Parts[0].Unknown == nil {
		return nil, false
	}
	choices, ok := t.Parts[0].Unknown.Choices()
	for _, choice := range choices {
		text, known := choice.Text()
		variants, ok = append(variants, text), ok && known
	}
	return variants, ok
}

// Same tells whether two strings of one root module are equal.
func (t Text) Same(other Text) terraform.Truth {
	a, aKnown := t.Known()
	b, bKnown := other.Known()
	switch {
	case aKnown && bKnown:
		return truth(a == b)
	case aKnown:
		return other.Is(a)
	case bKnown:
		return t.Is(b)
	}
	a, aNamed := t.Symbol()
	b, bNamed := other.Symbol()
	switch {
	case aNamed && bNamed && a == b:
		return terraform.True
	case !agree(t.Parts[0].Literal, other.Parts[0].Literal, strings.HasPrefix),
		!agree(t.Parts[len(t.Parts)-1].Literal, other.Parts[len(other.Parts)-1].Literal, strings.HasSuffix):
		return terraform.False
	default:
		return terraform.Undecided
	}
}

// agree tells that one text can begin, or end, with both literals.
func agree(a, b string, with func(s, part string) bool) bool { return with(a, b) || with(b, a) }

func truth(b bool) terraform.Truth {
	if b {
		return terraform.True
	}
	return terraform.False
}

func literal(s string, r hcl.Range) Text {
	t := Text{Range: r}
	t.write(s)
	return t
}

// write appends a literal.
func (t *Text) write(s string) {
	switch last := len(t.Parts) - 1; {
	case s == "":
	case last >= 0 && t.Parts[last].Unknown == nil:
		t.Parts[last].Literal += s
	default:
		t.Parts = append(t.Parts, Part{Literal: s})
	}
}

func (t *Text) writeUnknown(v terraform.Value) { t.Parts = append(t.Parts, Part{Unknown: &v}) }

// replaced rewrites the literals.
func (t Text) replaced(old, text string) Text {
	t.Parts = slices.Clone(t.Parts)
	for i := range t.Parts {
		t.Parts[i].Literal = strings.ReplaceAll(t.Parts[i].Literal, old, text)
	}
	return t
}

// textOf reads a value that Terraform makes a string.
func textOf(v terraform.Value) Text {
	t := Text{Range: v.Range}
	if s, ok := v.Text(); ok {
		t.write(s)
		return t
	}
	segments, ok := v.Segments()
	if !ok {
		t.writeUnknown(v)
		return t
	}
	for _, segment := range segments {
		if s, known := segment.Text(); known {
			t.write(s)
		} else {
			t.writeUnknown(segment)
		}
	}
	return t
}
