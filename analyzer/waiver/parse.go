package waiver

import (
	"bytes"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const (
	ownTool = "kms-review"
	day     = time.DateOnly
	// maxWaivers bounds what one file can make us do; a file with more is not written by people.
	maxWaivers = 1000
)

// markers are what a comment must hold to be looked at.
var markers = [][]byte{[]byte("kms-review:ignore"), []byte("checkov:skip="), []byte("trivy:ignore:"), []byte("tfsec:ignore:")}

// Parse reads the comments of one file in native syntax, in the order of the file. It never fails: a file that
// is no HCL has no waivers.
func Parse(file string, text []byte) []Waiver {
	if strings.HasSuffix(file, ".json") || !hasMarker(text) {
		return nil
	}
	source := layOut(file, text)
	var waivers []Waiver
	for i, token := range source.tokens {
		if token.Type != hclsyntax.TokenComment || !hasMarker(token.Bytes) {
			continue
		}
		for n, line := range strings.Split(string(token.Bytes), "\n") {
			for _, w := range readLine(line) {
				w.File, w.Line = file, token.Range.Start.Line+n
				w.Start, w.End, w.Address = source.target(i, w.Tool == "checkov")
				waivers = append(waivers, w)
			}
		}
		if len(waivers) >= maxWaivers {
			return waivers[:maxWaivers]
		}
	}
	return waivers
}

func hasMarker(text []byte) bool {
	for _, marker := range markers {
		if bytes.Contains(text, marker) {
			return true
		}
	}
	return false
}

// readLine reads the markers of one line of a comment. Ours must begin the comment, so that a sentence about it
// is none; the others are found anywhere, as their tools do, for several may stand in one line.
func readLine(line string) []Waiver {
	line = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), "*/"))
	body := strings.TrimSpace(strings.TrimLeft(line, "#/*"))
	if rest, ok := strings.CutPrefix(body, "kms-review:ignore"); ok && (rest == "" || strings.ContainsAny(rest[:1], " \t")) {
		return []Waiver{readOwn(rest)}
	}
	return readForeign(body)
}

var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,60}$`)
	option    = regexp.MustCompile(`^([A-Za-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?:\s+|$)`)
	word      = regexp.MustCompile(`^[^\s=]+(?:\s+|$)`)
	escape    = regexp.MustCompile(`\\(.)`)
)

// readOwn reads what follows our marker: names, separated by commas or spaces, then options.
func readOwn(rest string) Waiver {
	w := Waiver{Tool: ownTool}
	rest = strings.TrimSpace(rest)
	for rest != "" && !option.MatchString(rest) {
		names := word.FindString(rest)
		if names == "" {
			w.Fault = "something is wrong after its names"
			return w
		}
		w.Names = append(w.Names, strings.FieldsFunc(names, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })...)
		rest = rest[len(names):]
	}
	for rest != "" {
		m := option.FindStringSubmatch(rest)
		if m == nil {
			w.Fault = "something is wrong after its options"
			return w
		}
		w.set(m[1], escape.ReplaceAllString(m[2], "$1")+m[3])
		rest = rest[len(m[0]):]
	}
	return w
}

func (w *Waiver) set(key, value string) {
	switch key {
	case "reason":
		w.Reason = strings.TrimSpace(value)
	case "until":
		until, err := time.Parse(day, value)
		if err != nil {
			w.Fault = "`until` is no date like `2027-01-31`"
		}
		w.Until = until
	default:
		w.Fault = "it knows only `until` and `reason`"
	}
}

// source is a file's tokens with their brackets matched, so that where a statement ends is found in one step.
type source struct {
	tokens  hclsyntax.Tokens
	closing map[int]int // opening token -> closing token
	outer   []int       // for each token, the outermost bracket around it; -1 for none
}

func layOut(file string, text []byte) source {
	tokens, _ := hclsyntax.LexConfig(text, file, hcl.InitialPos)
	s := source{tokens: tokens, closing: map[int]int{}, outer: make([]int, len(tokens))}
	var open []int
	for i, token := range tokens {
		s.outer[i] = -1
		if len(open) > 0 {
			s.outer[i] = open[0]
		}
		switch bracket(token) {
		case 1:
			open = append(open, i)
		case -1:
			if len(open) > 0 {
				s.closing[open[len(open)-1]] = i
				open = open[:len(open)-1]
			}
		}
	}
	return s
}

func bracket(token hclsyntax.Token) int {
	switch token.Type {
	case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOHeredoc, hclsyntax.TokenOQuote,
		hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return 1
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCHeredoc, hclsyntax.TokenCQuote,
		hclsyntax.TokenTemplateSeqEnd:
		return -1
	default:
		return 0
	}
}
