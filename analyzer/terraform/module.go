package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/kms-review/kms-review/analyzer/terraform/functions"
)

// File is one parsed configuration file.
type File struct {
	Path  string // relative to the repository's root
	Bytes []byte
	body  hcl.Body
	json  bool

	tokens map[[2]int]string // by range of bytes

	templates map[[2]int]hclsyntax.Expression // in strings of JSON, or of the whole file; nil for what is none
	loops     *functions.Budget               // of the expression under evaluation
	metered   map[hclsyntax.Node]bool
}

// Module is the configuration of one directory, override files not yet merged: each block keeps its overrides.
type Module struct {
	Dir       string // relative to the repository's root; "." is the root
	Files     map[string]*File
	variables map[string]*variable
	locals    map[string]*local
	outputs   map[string]*output
	resources map[string]*block // by address inside the module
	calls     map[string]*block // by name
	providers map[providerName]*block
	required  map[string]requirement // by local name
	moved     []Move
	imports   []string // addresses of import blocks, without instance keys; "" where one is not understood
	removed   []Removed
	rootSigns bool // something that only a root module has
	broken    bool // a file could not be read or parsed: what is absent here may stand there
}

// Move is a moved block: both sides as written, relative to the module.
type Move struct{ From, To string }

type variable struct {
	name      string
	def       hcl.Expression // nil: required
	typ       hcl.Expression // nil: any
	nullable  bool
	declRange hcl.Range
}

type local struct {
	name string
	expr hcl.Expression
}

type output struct {
	name string
	expr hcl.Expression
}

// block is a resource, data or module block with the bodies of its overrides, the strongest first.
type block struct {
	kind   string // "resource", "data", "module"
	labels []string
	file   *File
	header hcl.Range // from the keyword to the opening brace
	full   hcl.Range // to the closing brace; the header where the syntax does not tell (JSON)
	bodies []hcl.Body
}

func (b *block) address() string {
	switch b.kind {
	case "data":
		return "data." + b.labels[0] + "." + b.labels[1]
	case "module":
		return "module." + b.labels[0]
	default:
		return b.labels[0] + "." + b.labels[1]
	}
}
