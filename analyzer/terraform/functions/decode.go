package functions

import (
	"regexp"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"go.yaml.in/yaml/v3"
)

const (
	jsonWork = 5 // steps for each byte that is decoded, and so on
	csvWork  = 5
	yamlWork = 20
	// plainYAML is the size below which a document that our check cannot read cannot exhaust the decoder's stack.
	plainYAML = 64 << 10
)

// jsonCost looks for nesting, which the decoder follows on its stack, and for numbers of a million digits. It reads
// strings as the decoder does, up to the first error, where the decoder stops.
func jsonCost(args []cty.Value) (cost, error) {
	text := textOf(args, 0)
	depth, run, quoted := 0, 0, false
	elements := 1.0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if quoted {
			if c == '\\' {
				i++
			}
			quoted = c != '"'
			continue
		}
		run++
		switch c {
		case '"':
			quoted = true
		case '[', '{':
			depth++
			elements++
		case ']', '}':
			depth--
		case ',':
			elements++
		default:
			if run > maxDigits {
				return cost{}, limitf("a number has more than %d digits", maxDigits)
			}
			continue
		}
		run = 0
		if depth > maxDepth {
			return cost{}, limitf("the JSON is nested deeper than %d levels", maxDepth)
		}
	}
	return cost{elements: elements, work: jsonWork * float64(len(text))}, nil
}

func csvCost(args []cty.Value) (cost, error) {
	text := textOf(args, 0)
	cells := strings.Count(text, ",") + strings.Count(text, "\n")
	return cost{elements: float64(cells), work: csvWork * float64(len(text))}, nil
}

// dearNumber is a number that could not be written out as a map's key: see huge.
var dearNumber = regexp.MustCompile(`^[-+]?[0-9._]+[eE][-+]?[0-9_]{4}`)

// yamlCost reads the document with another decoder first. The one behind yamldecode follows nesting on its stack
// without end, and a few aliases of aliases make more elements than there is memory.
func yamlCost(args []cty.Value) (cost, error) {
	text := textOf(args, 0)
	c := cost{work: yamlWork * float64(len(text))}
	if c.work > maxWork {
		return c, nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		if len(text) > plainYAML || strings.Contains(text, "&") {
			return cost{}, limitf("the YAML is not understood, or too complex")
		}
		return c, nil
	}
	tree := yamlTree{expanded: map[*yaml.Node]float64{}}
	elements, err := tree.count(&document, 0)
	c.elements = elements
	return c, err
}

type yamlTree struct{ expanded map[*yaml.Node]float64 }

// count is how many values a node stands for, aliases followed.
func (t *yamlTree) count(node *yaml.Node, depth int) (float64, error) {
	if known, seen := t.expanded[node]; seen {
		return known, nil
	}
	if depth > maxDepth {
		return 0, limitf("the YAML is nested deeper than %d levels", maxDepth)
	}
	if node.Kind == yaml.ScalarNode && node.Style == 0 && (dearNumber.MatchString(node.Value) || dearDigits(node.Value)) {
		return 0, limitf("a number in the YAML is too large")
	}
	t.expanded[node] = 0 // a node within itself: the decoder refuses it
	total := 1.0
	children := node.Content
	if node.Alias != nil {
		children = []*yaml.Node{node.Alias}
	}
	for _, child := range children {
		n, err := t.count(child, depth+1)
		if err != nil {
			return 0, err
		}
		total += n
	}
	t.expanded[node] = total
	return total, nil
}

func dearDigits(s string) bool {
	return len(s) > maxDigits && strings.Trim(s, "+-._0123456789abcdefABCDEFx") == ""
}
