package terraform

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// symbol is the name of a value that is not known. Few are ever asked for, so it is found only then.
type symbol struct {
	find     func() (text string, ok bool)
	text     string
	ok, done bool
}

func (s *symbol) get() (text string, ok bool) {
	if !s.done {
		s.done = true // who asks while it is being found gets none
		s.text, s.ok = s.find()
		s.find = nil
	}
	return s.text, s.ok
}

func named(text string) *symbol { return &symbol{text: text, ok: true, done: true} }

// maxSymbol bounds a name; a longer one is replaced by its hash.
const maxSymbol = 1 << 10

// Symbol names a value by what it is made of: a root module's variable ("var.admins"), an attribute of a resource
// ("aws_iam_role.a[0].arn"), or an expression over such, written in one canonical way. Locals, module arguments and
// outputs are written as what they stand for; a known value is written out.
//
// In one root module, equal symbols mean equal values, whatever the values will be. Between two snapshots they mean
// the same as long as what is named by them is not changed itself. ok is false where a value cannot be told from
// others that look alike: what depends on each or count of instances that are not told apart, on functions that
// give something else each time, or on all instances of a resource, whose number may change.
func (v Value) Symbol() (symbol string, ok bool) {
	w := speller{}
	w.value(v, 0)
	return w.String(), !w.failed
}

// speller writes a symbol.
type speller struct {
	text   strings.Builder
	hash   hash.Hash
	long   bool
	failed bool
	count  int
	last   hclsyntax.TokenType
}

func (w *speller) write(s string) {
	if !w.long && w.text.Len()+len(s) > maxSymbol {
		w.long, w.hash = true, sha256.New()
		w.hash.Write([]byte(w.text.String()))
	}
	if w.long {
		w.hash.Write([]byte(s))
		return
	}
	w.text.WriteString(s)
}

// String is the symbol.
func (w *speller) String() string {
	if w.long {
		return "#" + hex.EncodeToString(w.hash.Sum(nil))
	}
	return w.text.String()
}

func (w *speller) value(v Value, depth int) {
	if w.count++; depth > maxDepth || w.count > maxWeight {
		w.failed = true
	}
	switch {
	case w.failed:
	case v.state == absent:
		w.write("null")
	case v.state == known:
		text, err := jsonEncode(v.value)
		w.failed = err != nil
		w.write(text)
	case v.Reference != nil:
		w.reference(*v.Reference)
	case v.shape != nil && v.shape.derived():
		w.shape(v.shape, depth)
	case v.name != nil:
		text, ok := v.name.get()
		w.failed = !ok
		w.write(text)
	default:
		w.failed = true
	}
}

// derived tells that the name of a value follows from those of its parts.
func (s *shape) derived() bool {
	return s.fields != nil || s.elements != nil || s.segments != nil || s.encoded != nil || s.decoded != nil
}

func (w *speller) shape(s *shape, depth int) {
	switch {
	case s.fields != nil:
		w.write("{")
		for _, name := range sortedKeys(s.fields) {
			w.write(quoted(name) + ":")
			w.value(s.fields[name], depth+1)
			w.write(",")
		}
		w.write("}")
	case s.elements != nil:
		w.write("[")
		for _, element := range s.elements {
			w.value(element, depth+1)
			w.write(",")
		}
		w.write("]")
	case s.segments != nil:
		w.segments(s.segments, depth)
	case s.encoded != nil:
		w.write("jsonencode(")
		w.value(*s.encoded, depth+1)
		w.write(")")
	case s.decoded != nil:
		w.write("jsondecode(")
		w.value(s.decoded.text, depth+1)
		w.write(")")
		for _, step := range s.decoded.steps {
			w.write("[" + quoted(step) + "]")
		}
	}
}

// segments writes literal parts that follow each other as one.
func (w *speller) segments(segments []Value, depth int) {
	literal := ""
	w.write(`"`)
	for _, segment := range segments {
		if text, ok := segment.Text(); ok {
			literal += text
			continue
		}
		w.write(escaped(literal) + "${")
		literal = ""
		w.value(segment, depth+1)
		w.write("}")
	}
	w.write(escaped(literal) + `"`)
}

// escaped keeps a literal from passing for a reference.
func escaped(literal string) string { return escapes.Replace(literal) }

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", "$${")

func quoted(s string) string { return `"` + escaped(s) + `"` }

func (w *speller) reference(ref Reference) {
	text, ok := ref.symbol()
	w.failed = w.failed || !ok
	w.write(text)
}

// symbol names one instance; ok is false for a reference to several, or to one that is not known.
func (ref Reference) symbol() (text string, ok bool) {
	instance := ref.Instance
	if instance == UnknownInstance {
		if ref.index == nil {
			return "", false
		}
		key, found := ref.index.get()
		if !found {
			return "", false
		}
		instance = "[" + key + "]"
	}
	if ref.Each || ref.scope == nil || ref.Attribute == "" && instance == "" && ref.repeated() {
		return "", false
	}
	text = join(ref.place(), ref.local()) + instance
	if ref.Attribute != "" {
		text += "." + ref.Attribute
	}
	return text, true
}

// repeated tells that the resource has count or for_each.
func (ref Reference) repeated() bool {
	b := ref.scope.Module.resources[ref.local()]
	return b != nil && b.repeats()
}

func (b *block) repeats() bool {
	return slices.ContainsFunc(b.bodies, func(body hcl.Body) bool {
		return attribute(body, "count") != nil || attribute(body, "for_each") != nil
	})
}

// place is the module that a reference leads into, with the keys of its instances as far as they are told.
func (ref Reference) place() string {
	if ref.within != "" {
		return ref.within
	}
	return ref.scope.place()
}

// step names a part of a value that has a name.
func (v Value) step(key cty.Value) *symbol {
	if v.name == nil && v.Reference == nil {
		return nil
	}
	return &symbol{find: func() (string, bool) {
		text, ok := v.Symbol()
		index, err := jsonEncode(key)
		return text + "[" + index + "]", ok && err == nil
	}}
}

// maxSpelled bounds the expressions that get a name.
const maxSpelled = 8 << 10

// impure are functions that give something else each time, or in another snapshot.
var impure = map[string]bool{
	"timestamp": true, "plantimestamp": true, "uuid": true, "bcrypt": true,
	"file": true, "filebase64": true, "templatefile": true, "filemd5": true, "filesha1": true, "filesha256": true,
	"filesha512": true, "filebase64sha256": true, "filebase64sha512": true, "fileexists": true, "fileset": true,
}

// naming names the value of an expression, once that is asked for.
func (e evaluator) naming(expr hcl.Expression, instead ...replacement) *symbol {
	return &symbol{find: func() (string, bool) { return e.spell(expr, instead) }}
}

// replacement is another name for a part of an expression.
type replacement struct {
	at   hcl.Range
	name *symbol
}

// spell writes an expression, its references by what they stand for.
func (e evaluator) spell(expr hcl.Expression, instead []replacement) (text string, ok bool) {
	r := expr.Range()
	file := e.scope.file(r)
	_, native := expr.(hclsyntax.Node)
	if !native || file == nil || file.json || !r.CanSliceBytes(file.Bytes) || r.End.Byte-r.Start.Byte > maxSpelled || !pure(expr) {
		return "", false
	}
	for _, traversal := range expr.Variables() {
		at := traversal.SourceRange()
		if slices.ContainsFunc(instead, func(other replacement) bool { return other.at.Overlaps(at) }) {
			continue
		}
		instead = append(instead, replacement{at, &symbol{find: func() (string, bool) { return e.follow(traversal, at).Symbol() }}})
	}
	slices.SortFunc(instead, func(a, b replacement) int { return a.at.Start.Byte - b.at.Start.Byte })
	w := speller{}
	tokens, _ := hclsyntax.LexConfig(r.SliceBytes(file.Bytes), r.Filename, r.Start)
	for _, token := range tokens {
		for len(instead) > 0 && instead[0].at.End.Byte <= token.Range.Start.Byte {
			instead = instead[1:]
		}
		if len(instead) > 0 && token.Range.Start.Byte > instead[0].at.Start.Byte {
			continue
		}
		if len(instead) > 0 && token.Range.Start.Byte == instead[0].at.Start.Byte {
			name, named := instead[0].name.get()
			if !named {
				return "", false
			}
			w.token(hclsyntax.TokenIdent, name)
			continue
		}
		if token.Type != hclsyntax.TokenComment && token.Type != hclsyntax.TokenNewline && token.Type != hclsyntax.TokenEOF {
			w.token(token.Type, string(token.Bytes))
		}
	}
	return w.String(), true
}

// tight are tokens that have no space on their inner side; texts have none but their own.
var tight = map[hclsyntax.TokenType]struct{ before, after bool }{
	hclsyntax.TokenOParen: {true, true}, hclsyntax.TokenCParen: {true, false}, hclsyntax.TokenOBrack: {false, true},
	hclsyntax.TokenCBrack: {true, false}, hclsyntax.TokenComma: {true, false}, hclsyntax.TokenDot: {true, true}, hclsyntax.TokenBang: {false, true},
	hclsyntax.TokenOQuote: {false, true}, hclsyntax.TokenQuotedLit: {true, true}, hclsyntax.TokenCQuote: {true, false},
	hclsyntax.TokenStringLit: {true, true}, hclsyntax.TokenTemplateInterp: {true, true}, hclsyntax.TokenTemplateSeqEnd: {true, true},
}

// token writes one of an expression.
func (w *speller) token(typ hclsyntax.TokenType, text string) {
	if w.count > 0 && !tight[typ].before && !tight[w.last].after {
		w.write(" ")
	}
	w.write(text)
	w.last = typ
	w.count++
}

func pure(expr hcl.Expression) bool {
	return !anyNode(expr, func(n hclsyntax.Node) bool {
		call, isCall := n.(*hclsyntax.FunctionCallExpr)
		return isCall && impure[strings.TrimPrefix(call.Name, "core::")]
	})
}
