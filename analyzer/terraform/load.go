package terraform

import (
	"bytes"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/kms-review/kms-review/analyzer/finding"
)

var fileSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
	{Type: "terraform"},
	{Type: "provider", LabelNames: []string{"name"}},
	{Type: "variable", LabelNames: []string{"name"}},
	{Type: "locals"},
	{Type: "output", LabelNames: []string{"name"}},
	{Type: "module", LabelNames: []string{"name"}},
	{Type: "resource", LabelNames: []string{"type", "name"}},
	{Type: "data", LabelNames: []string{"type", "name"}},
	{Type: "moved"},
	{Type: "import"},
	{Type: "removed"},
}}

// directory is one directory's configuration files as read, before anything is parsed.
type directory struct {
	path    string
	names   []string          // in the order in which Terraform merges them
	found   map[string]bool   // all names
	texts   map[string][]byte // by name, of what could be read
	diags   []finding.Diagnostic
	matters bool     // it has, or calls what has, something that Options.Matters
	callees []string // directories that it seems to call, by a look at the text
}

// readDirectory reads the configuration files of a directory; nil if it has none.
func readDirectory(fsys fs.FS, dir string, matters func([]byte) bool) *directory {
	names, found := configFiles(fsys, dir)
	if len(names) == 0 {
		return nil
	}
	d := &directory{path: dir, names: names, found: found, texts: map[string][]byte{}}
	for _, name := range names {
		text, err := readBounded(fsys, path.Join(dir, name))
		if err != nil {
			d.matters = true // who knows what it holds
			d.diags = append(d.diags, unreadable(path.Join(dir, name), err))
			continue
		}
		d.texts[name] = text
		d.matters = d.matters || matters == nil || matters(text)
		for _, source := range LocalSources(text) {
			if callee := path.Join(dir, source); fs.ValidPath(callee) {
				d.callees = append(d.callees, callee)
			}
		}
	}
	return d
}

// localSource finds local module sources in a text, in native and in JSON syntax. It may find one in a comment;
// what it misses is found once the file is parsed.
var localSource = regexp.MustCompile(`source"?\s*[=:]\s*"(\.\.?/[^"\n]*)"`)

// LocalSources lists the local module sources that a configuration file's text seems to hold, as they are written:
// "./x", "../x". They are relative to the file's directory, may be repeated, and may point out of the repository.
func LocalSources(text []byte) []string {
	var sources []string
	for _, match := range localSource.FindAllSubmatch(text, -1) {
		sources = append(sources, string(match[1]))
	}
	return sources
}

// parse makes a module of a directory's files. Files that another snapshot has, byte for byte, are taken from there.
func (d *directory) parse(from *Configuration) (*Module, []finding.Diagnostic) {
	m := &Module{
		Dir: d.path, Files: map[string]*File{},
		variables: map[string]*variable{}, locals: map[string]*local{}, outputs: map[string]*output{},
		resources: map[string]*block{}, calls: map[string]*block{},
		providers: map[providerName]*block{}, required: map[string]requirement{},
		rootSigns: d.found[LockFile] || d.found["terraform.tfvars"] || d.found["terraform.tfvars.json"],
		broken:    len(d.diags) > 0,
	}
	diags := d.diags
	for _, name := range d.names {
		text, read := d.texts[name]
		if !read {
			continue
		}
		file := from.parsed(d.path, path.Join(d.path, name), text)
		if file == nil {
			var fileDiags []finding.Diagnostic
			file, fileDiags = parseFile(path.Join(d.path, name), text)
			diags = append(diags, fileDiags...)
		}
		if file == nil {
			m.broken = true
			continue
		}
		m.Files[file.Path] = file
		content, _, contentDiags := file.body.PartialContent(fileSchema)
		diags = append(diags, diagnostics(contentDiags)...)
		for _, b := range content.Blocks {
			m.add(file, b, isOverride(name))
		}
	}
	return m, diags
}

// parsed finds a file that was parsed before, with the same text.
func (c *Configuration) parsed(dir, name string, text []byte) *File {
	if c == nil || c.modules[dir] == nil {
		return nil
	}
	if file := c.modules[dir].Files[name]; file != nil && bytes.Equal(file.Bytes, text) {
		return file
	}
	return nil
}

// HasConfig tells whether a directory holds configuration files.
func HasConfig(fsys fs.FS, dir string) bool {
	names, _ := configFiles(fsys, dir)
	return len(names) > 0
}

// configFiles lists the configuration files of a directory in the order in which Terraform merges them, and
// all names found. A .tofu file stands in for the .tf file of the same stem, as in OpenTofu 1.8.
func configFiles(fsys fs.FS, dir string) (names []string, found map[string]bool) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, nil
	}
	found = map[string]bool{}
	for _, e := range entries {
		if !e.IsDir() {
			found[e.Name()] = true
		}
	}
	for name := range found {
		shadow := strings.Replace(name, ".tf", ".tofu", 1)
		if IsConfig(name) && (shadow == name || !found[shadow]) {
			names = append(names, name)
		}
	}
	sort.Slice(names, func(i, j int) bool {
		if a, b := isOverride(names[i]), isOverride(names[j]); a != b {
			return b
		}
		return names[i] < names[j]
	})
	return names, found
}

func (m *Module) add(file *File, b *hcl.Block, override bool) {
	switch b.Type {
	case "terraform":
		m.addTerraform(file, b)
	case "provider":
		m.addProvider(file, b, override)
	case "variable":
		m.addVariable(file, b)
	case "locals":
		attrs, _ := b.Body.JustAttributes()
		for name, attr := range attrs {
			m.locals[name] = &local{name: name, expr: attr.Expr}
		}
	case "output":
		if expr := attribute(b.Body, "value"); expr != nil {
			m.outputs[b.Labels[0]] = &output{name: b.Labels[0], expr: expr}
		}
	case "module":
		m.addBlock(m.calls, file, b, override)
	case "resource", "data":
		m.addBlock(m.resources, file, b, override)
	case "moved":
		m.addMove(b)
	case "import":
		m.addImport(b)
	case "removed":
		m.addRemoved(file, b)
	}
}

func (m *Module) addBlock(into map[string]*block, file *File, b *hcl.Block, override bool) {
	added := &block{kind: b.Type, labels: b.Labels, file: file, header: b.DefRange, full: fullRange(b), bodies: []hcl.Body{b.Body}}
	if first, exists := into[added.address()]; exists {
		if override {
			first.bodies = append([]hcl.Body{b.Body}, first.bodies...)
		}
		return
	}
	into[added.address()] = added
}

// fullRange reaches from the keyword to the closing brace; JSON syntax tells the header alone.
func fullRange(b *hcl.Block) hcl.Range {
	if body, native := b.Body.(*hclsyntax.Body); native {
		return hcl.RangeBetween(b.TypeRange, body.SrcRange)
	}
	return b.DefRange
}

func (m *Module) addVariable(file *File, b *hcl.Block) {
	name := b.Labels[0]
	v, exists := m.variables[name]
	if !exists {
		v = &variable{name: name, nullable: true, declRange: b.DefRange}
		m.variables[name] = v
	}
	if expr := attribute(b.Body, "default"); expr != nil {
		v.def = expr
	}
	if expr := attribute(b.Body, "type"); expr != nil {
		v.typ = expr
	}
	if expr := attribute(b.Body, "nullable"); expr != nil {
		v.nullable = constant(file, expr).IsFalse() != True
	}
}

// constant is the value of an expression that may refer to nothing.
func constant(file *File, expr hcl.Expression) Value {
	if !evaluable(file, expr, nil, nil) {
		return unknownValue(expr.Range(), "it takes too long to evaluate")
	}
	value, diags := expr.Value(nil)
	if diags.HasErrors() {
		return unknownValue(expr.Range(), "%s", diags[0].Summary)
	}
	return valueOf(value, expr.Range())
}

func (m *Module) addTerraform(file *File, b *hcl.Block) {
	content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "backend", LabelNames: []string{"type"}}, {Type: "cloud"}, {Type: "required_providers"},
	}})
	for _, inner := range content.Blocks {
		if inner.Type == "required_providers" {
			m.addRequirements(file, inner)
		} else {
			m.rootSigns = true
		}
	}
}

func (m *Module) addMove(b *hcl.Block) {
	from, to := attribute(b.Body, "from"), attribute(b.Body, "to")
	if from == nil || to == nil {
		return
	}
	fromText, toText := addressOf(from), addressOf(to)
	if fromText != "" && toText != "" {
		m.moved = append(m.moved, Move{From: fromText, To: toText})
	}
}

// attribute finds an argument of a body in either syntax; nil if it is not written.
func attribute(body hcl.Body, name string) hcl.Expression {
	if native, ok := body.(*hclsyntax.Body); ok {
		if attr, exists := native.Attributes[name]; exists {
			return attr.Expr
		}
		return nil
	}
	content, _, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
	if attr, exists := content.Attributes[name]; exists {
		return attr.Expr
	}
	return nil
}
