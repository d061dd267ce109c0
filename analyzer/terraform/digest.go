package terraform

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Digest identifies all that the values of a resource depend on: its block, and through references every
// variable, local, block and module argument behind it, and the provider configuration with its Region and account.
// White space, comments and the file a block stands in do not count. Two snapshots with equal digests give the resource equal values.
func (r *Resource) Digest() string {
	if r.sum == "" {
		r.sum = r.digest(r.Address)
	}
	return r.sum
}

// Content is the digest of a resource without its own name: two of one module with equal content differ in nothing else.
func (r *Resource) Content() string { return r.digest("") }

func (r *Resource) digest(name string) string {
	w := &walker{seen: map[string]string{}}
	w.visitBlock(r.Scope, name, r.block)
	for s := r.Scope; s.parent != nil; s = s.parent {
		w.visitCall(s)
	}
	return w.sum()
}

// walker collects the texts of definitions by what they define.
type walker struct {
	seen  map[string]string
	depth int
}

func (w *walker) sum() string {
	keys := sortedKeys(w.seen)
	h := sha256.New()
	for _, key := range keys {
		h.Write([]byte(key + "\x00" + w.seen[key] + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// enter notes a definition; false if it was seen before.
func (w *walker) enter(key, text string) bool {
	if _, seen := w.seen[key]; seen {
		return false
	}
	w.seen[key] = text
	return true
}

func (w *walker) visitBlock(s *Scope, key string, b *block) {
	var text strings.Builder
	var exprs []hcl.Expression
	for _, body := range b.bodies {
		text.WriteString(bodyText(s, b, body))
		exprs = append(exprs, expressions(body)...)
	}
	if w.enter(key, text.String()) {
		w.visitReferences(s, exprs)
		w.visitProvider(s, key, b)
	}
}

// visitProvider notes which provider configuration a resource uses, and where that works. What else its block says
// does not count: a new default tag is no change of a key.
func (w *walker) visitProvider(s *Scope, key string, b *block) {
	if b.kind == "module" {
		return
	}
	p := s.providerOf(b)
	w.enter(key+"|provider", p.identity())
	if p.Address != "" {
		return
	}
	for at := s; at.parent != nil; at = at.parent { // the texts stand for what they cannot say
		w.visitArgument(at, "providers")
	}
}

// visitCall notes what decides whether and how often a called module exists. Where it comes from counts only where its
// contents may be those of another version, as what terraform init has installed: a module that moved to another
// directory is what it was.
func (w *walker) visitCall(s *Scope) {
	w.visitArgument(s, "count")
	w.visitArgument(s, "for_each")
	if _, read := s.call.localSource(s.parent.Module.Dir); !read {
		w.visitArgument(s, "source")
		w.visitArgument(s, "version")
	}
}

func (w *walker) visitArgument(s *Scope, name string) {
	for _, body := range s.call.bodies {
		if expr := attribute(body, name); expr != nil {
			w.visitExpression(s.parent, s.Path+"|"+name, expr)
		}
	}
}

func (w *walker) visitExpression(s *Scope, key string, expr hcl.Expression) {
	if w.enter(key, s.text(expr.Range())) {
		w.visitReferences(s, []hcl.Expression{expr})
	}
}

func (w *walker) visitReferences(s *Scope, exprs []hcl.Expression) {
	if w.depth >= maxChain {
		return // where evaluation ends too, so that no value depends on what is behind
	}
	w.depth++
	defer func() { w.depth-- }()
	for _, expr := range exprs {
		for _, traversal := range expr.Variables() {
			w.visitTraversal(s, traversal)
		}
		w.visitFiles(s, expr)
	}
}

// readsFile are the functions that put a file's content into a value.
var readsFile = map[string]bool{
	"file": true, "filebase64": true, "templatefile": true, "filemd5": true, "filesha1": true, "filesha256": true,
	"filesha512": true, "filebase64sha256": true, "filebase64sha512": true, "fileexists": true,
}

// visitFiles notes the contents of the files that an expression reads, where their names are known.
func (w *walker) visitFiles(s *Scope, expr hcl.Expression) {
	node, native := expr.(hclsyntax.Node)
	if !native {
		return
	}
	_ = hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		call, isCall := n.(*hclsyntax.FunctionCallExpr)
		if !isCall || !readsFile[call.Name] || len(call.Args) == 0 {
			return nil
		}
		if name, ok := s.Evaluate(call.Args[0]).Text(); ok {
			name = path.Join(s.workDir(), name)
			text, err := readBounded(s.config.fsys, name)
			w.enter("file "+name, fmt.Sprint(string(text), err))
		}
		return nil
	})
}

func (w *walker) visitTraversal(s *Scope, traversal hcl.Traversal) {
	if address, _, ok := resource(traversal); ok {
		if b := s.Module.resources[address]; b != nil {
			w.visitBlock(s, join(s.Path, address), b)
		}
		return
	}
	if len(traversal) < 2 {
		return
	}
	step, ok := traversal[1].(hcl.TraverseAttr)
	if !ok {
		return
	}
	switch traversal.RootName() {
	case "var":
		w.visitVariable(s, step.Name)
	case "local":
		if l := s.Module.locals[step.Name]; l != nil {
			w.visitExpression(s, join(s.Path, "local."+step.Name), l.expr)
		}
	case "module":
		w.visitModule(s, step.Name, traversal[2:])
	}
}

func (w *walker) visitVariable(s *Scope, name string) {
	declared := s.Module.variables[name]
	if declared == nil {
		return
	}
	key := join(s.Path, "var."+name)
	text := ""
	for _, expr := range []hcl.Expression{declared.def, declared.typ} {
		if expr != nil {
			text += s.text(expr.Range()) + "\x00"
		}
	}
	if value, set := s.vars.set[name]; set {
		text += tokens(value.file, value.expr.Range())
	}
	for _, value := range s.vars.elsewhere[name] {
		text += tokens(value.file, value.expr.Range())
	}
	if !w.enter(key, text) || s.parent == nil {
		return
	}
	for _, body := range s.call.bodies {
		if expr := attribute(body, name); expr != nil {
			w.visitExpression(s.parent, key+"|argument", expr)
		}
	}
}

func (w *walker) visitModule(s *Scope, name string, rest hcl.Traversal) {
	call := s.Module.calls["module."+name]
	if call == nil {
		return
	}
	children := s.children["module."+name]
	if len(children) == 0 {
		w.visitBlock(s, join(s.Path, "module."+name), call)
		return
	}
	child := children[0] // all instances have the same texts
	w.visitCall(child)
	for _, step := range rest {
		attr, ok := step.(hcl.TraverseAttr)
		if !ok {
			continue
		}
		if out := child.Module.outputs[attr.Name]; out != nil {
			w.visitExpression(child, join(child.Path, "output."+attr.Name), out.expr)
		}
		return
	}
}

// bodyText is the text of a block's body without white space and comments. JSON syntax does not tell a
// block's range, so the whole file stands for it: too much is affected rather than too little.
func bodyText(s *Scope, b *block, body hcl.Body) string {
	if native, ok := body.(*hclsyntax.Body); ok {
		return s.text(native.SrcRange)
	}
	return string(b.file.Bytes)
}

func (s *Scope) text(r hcl.Range) string { return tokens(s.file(r), r) }

// tokens is the text of a range, a token a line, without comments and newlines. It is kept: many resources depend
// on the same definitions.
func tokens(file *File, r hcl.Range) string {
	if file == nil || !r.CanSliceBytes(file.Bytes) {
		return ""
	}
	place := [2]int{r.Start.Byte, r.End.Byte}
	if kept, done := file.tokens[place]; done {
		return kept
	}
	text := string(r.SliceBytes(file.Bytes))
	if !file.json {
		text = significant(r.SliceBytes(file.Bytes), r)
	}
	if file.tokens == nil {
		file.tokens = map[[2]int]string{}
	}
	file.tokens[place] = text
	return text
}

func significant(text []byte, r hcl.Range) string {
	lexed, _ := hclsyntax.LexConfig(text, r.Filename, r.Start)
	var out strings.Builder
	for _, token := range lexed {
		if token.Type != hclsyntax.TokenComment && token.Type != hclsyntax.TokenNewline {
			out.Write(token.Bytes)
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// expressions lists all expressions of a body and of the blocks in it.
func expressions(body hcl.Body) []hcl.Expression {
	native, ok := body.(*hclsyntax.Body)
	if !ok {
		attrs, _ := body.JustAttributes()
		var exprs []hcl.Expression
		for _, name := range sortedKeys(attrs) {
			exprs = append(exprs, attrs[name].Expr)
		}
		return exprs
	}
	var exprs []hcl.Expression
	for _, attr := range native.Attributes {
		exprs = append(exprs, attr.Expr)
	}
	for _, inner := range native.Blocks {
		exprs = append(exprs, expressions(inner.Body)...)
	}
	sort.Slice(exprs, func(i, j int) bool { return exprs[i].Range().Start.Byte < exprs[j].Range().Start.Byte })
	return exprs
}
