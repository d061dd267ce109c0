package terraform

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"

	"github.com/kms-review/kms-review/analyzer/finding"
)

const (
	// MaxFileBytes is the largest configuration file that is read. The largest one seen in public repositories
	// is below 2 MB; a larger one is a mistake or an attack on our memory.
	MaxFileBytes = 2 << 20
	// Below this size no nesting can exhaust the parser's stack, so the check is skipped.
	safeBytes   = 128 << 10
	maxNesting  = 500
	maxOperator = 200_000
	maxControl  = 5_000 // %{if} and the like, which the parser reads in time with the square of their nesting
)

// IsConfig tells a configuration file by its name, as Terraform and OpenTofu do.
func IsConfig(name string) bool {
	name = path.Base(name)
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
		return false
	}
	for _, suffix := range []string{".tf", ".tf.json", ".tofu", ".tofu.json"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// IsVarFile tells a file of variable values by its name.
func IsVarFile(name string) bool {
	return strings.HasSuffix(name, ".tfvars") || strings.HasSuffix(name, ".tfvars.json")
}

func isOverride(name string) bool {
	stem := strings.TrimSuffix(name, ".json")
	stem = strings.TrimSuffix(strings.TrimSuffix(stem, ".tf"), ".tofu")
	return stem == "override" || strings.HasSuffix(stem, "_override")
}

// readFile reads and parses one file. The diagnostics say what a person has to mend; the file is nil if
// there is an error among them.
func readFile(fsys fs.FS, name string) (*File, []finding.Diagnostic) {
	text, err := readBounded(fsys, name)
	if err != nil {
		return nil, []finding.Diagnostic{unreadable(name, err)}
	}
	return parseFile(name, text)
}

func unreadable(name string, err error) finding.Diagnostic {
	return finding.Diagnostic{Severity: "error", File: name, Summary: "File could not be read", Detail: err.Error()}
}

func parseFile(name string, text []byte) (*File, []finding.Diagnostic) {
	file := &File{Path: name, Bytes: text, json: strings.HasSuffix(name, ".json")}
	if err := checkNesting(text, name); err != nil {
		return nil, []finding.Diagnostic{{Severity: "error", File: name, Summary: "File is too complex", Detail: err.Error()}}
	}
	var parsed *hcl.File
	var diags hcl.Diagnostics
	if file.json {
		parsed, diags = json.Parse(text, name)
	} else {
		parsed, diags = hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	}
	if diags.HasErrors() {
		return nil, diagnostics(diags)
	}
	file.body = parsed.Body
	return file, nil
}

func readBounded(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if info.Size() > MaxFileBytes {
		return nil, fmt.Errorf("it has %d MB and the limit is %d MB; split it, or exclude it in the settings", info.Size()>>20, MaxFileBytes>>20)
	}
	text, err := fs.ReadFile(fsys, name)
	return text, cause(err)
}

// cause drops the operation and path that a path error repeats: the diagnostic names the file already, and the
// path on the machine is nobody's business.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// checkNesting refuses what would overflow the stack of a recursive parser, which Go cannot recover from.
func checkNesting(text []byte, name string) error {
	if len(text) <= safeBytes {
		return nil
	}
	tokens, _ := hclsyntax.LexConfig(text, name, hcl.InitialPos)
	depth, operators, controls := 0, 0, 0
	previous := hclsyntax.TokenNil
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
			if token.Type == hclsyntax.TokenTemplateControl {
				controls++
			}
			if previous == hclsyntax.TokenCBrack {
				operators++
			}
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
			hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenBang, hclsyntax.TokenQuestion, hclsyntax.TokenEqualOp,
			hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenGreaterThan:
			operators++
		}
		previous = token.Type
		if depth > maxNesting || operators > maxOperator || controls > maxControl {
			return fmt.Errorf("line %d is nested deeper than %d levels, or the file has more than %d operators or %d template directives",
				token.Range.Start.Line, maxNesting, maxOperator, maxControl)
		}
	}
	return nil
}

func diagnostics(diags hcl.Diagnostics) []finding.Diagnostic {
	var out []finding.Diagnostic
	for _, d := range diags {
		severity := "error"
		if d.Severity == hcl.DiagWarning {
			severity = "warning"
		}
		entry := finding.Diagnostic{Severity: severity, Summary: d.Summary, Detail: d.Detail}
		if d.Subject != nil {
			entry.File, entry.StartLine = d.Subject.Filename, d.Subject.Start.Line
		}
		out = append(out, entry)
	}
	return out
}
