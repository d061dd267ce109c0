package functions

import (
	"errors"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/customdecode"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

const (
	maxTemplateNesting   = 200    // brackets open at once: the parser follows them on its stack
	maxTemplateOperators = 20_000 // operators in a row nest as well
)

// templates are the functions whose text is evaluated in its turn, with the functions of the table.
func templates(files Files, table map[string]function.Function) map[string]function.Function {
	render := func(text, name string, vars cty.Value, barred func(name string) bool) (cty.Value, error) {
		budget := files.Budget
		if budget == nil {
			budget = &Budget{}
		}
		expr, err := parseTemplate(text, name, budget)
		if err != nil {
			return cty.NilVal, err
		}
		ctx := &hcl.EvalContext{Functions: within(table, barred)}
		if ctx.Variables, err = variables(expr, vars); err != nil {
			return cty.NilVal, err
		}
		return evaluate(expr, ctx)
	}
	return map[string]function.Function{
		"templatefile": function.New(&function.Spec{
			Params: []function.Parameter{param("path", cty.String), param("vars", cty.DynamicPseudoType)},
			Type:   function.StaticReturnType(cty.DynamicPseudoType),
			Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
				data, err := files.read(args[0].AsString())
				if errors.Is(err, errElsewhere) {
					return cty.DynamicVal, nil
				}
				if err != nil {
					return cty.NilVal, argError(0, err)
				}
				text, err := utf8Text(data)
				if err != nil {
					return cty.NilVal, argError(0, err)
				}
				value, err := render(text, args[0].AsString(), args[1], isTemplate)
				if err == nil && value.IsNull() {
					return cty.NilVal, errNull
				}
				return value, err
			},
		}),
		"templatestring": function.New(&function.Spec{
			Params: []function.Parameter{param("template", customdecode.ExpressionClosureType), param("vars", cty.DynamicPseudoType)},
			Type:   function.StaticReturnType(cty.DynamicPseudoType),
			Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
				text, err := referred(customdecode.ExpressionClosureFromVal(args[0]))
				if err != nil {
					return cty.NilVal, argError(0, err)
				}
				if !text.IsKnown() {
					return cty.UnknownVal(cty.String), nil
				}
				text, marks := text.Unmark()
				value, err := render(text.AsString(), "template", args[1], func(name string) bool { return isTemplate(name) || readsFiles(name) })
				if err != nil {
					return cty.NilVal, err
				}
				if value, err = convert.Convert(value, cty.String); err != nil {
					return cty.NilVal, err
				}
				if value.IsNull() {
					return cty.NilVal, errNull
				}
				return value.WithMarks(marks), nil
			},
		}),
	}
}

func isTemplate(name string) bool { return name == "templatefile" || name == "templatestring" }

func readsFiles(name string) bool {
	return strings.HasPrefix(name, "file") || name == "abspath" || name == "basename" || name == "dirname" || name == "pathexpand"
}

// referred is the template of templatestring, which must be a reference: a literal is a template already.
func referred(closure *customdecode.ExpressionClosure) (cty.Value, error) {
	if !isReference(closure.Expression) {
		return cty.NilVal, errors.New("the template must be a reference to a string that is defined elsewhere")
	}
	value, diags := closure.Value()
	if err := failure(diags); err != nil {
		return cty.NilVal, err
	}
	if plain, _ := value.Unmark(); plain.IsKnown() && (plain.IsNull() || plain.Type() != cty.String) {
		return cty.NilVal, errors.New("the template must be a string")
	}
	return value, nil
}

func isReference(expr hcl.Expression) bool {
	switch e := expr.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return true
	case *hclsyntax.RelativeTraversalExpr:
		return isReference(e.Source)
	case *hclsyntax.IndexExpr:
		return isReference(e.Collection)
	default:
		return false
	}
}

// within is the table as a template sees it.
func within(table map[string]function.Function, barred func(name string) bool) map[string]function.Function {
	inner := make(map[string]function.Function, 2*len(table))
	for name, f := range table {
		if barred(name) {
			f = refused
		}
		inner[name], inner["core::"+name] = f, f
	}
	for _, name := range []string{"templatefile", "templatestring"} {
		inner[name], inner["core::"+name] = refused, refused
	}
	return inner
}

var refused = function.New(&function.Spec{
	VarParam: &function.Parameter{
		Name: "args", Type: cty.DynamicPseudoType,
		AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true,
	},
	Type: func([]cty.Value) (cty.Type, error) { return cty.NilType, errRefused },
	Impl: func([]cty.Value, cty.Type) (cty.Value, error) { return cty.NilVal, errRefused },
})

var (
	errRefused    = errors.New("the function cannot be called in this template")
	errNull       = errors.New("the template gives null")
	errNotMapping = errors.New("the variables must be given as a map or an object")
)

func parseTemplate(text, name string, budget *Budget) (hclsyntax.Expression, error) {
	if err := checkNesting(text); err != nil {
		return nil, err
	}
	expr, diags := hclsyntax.ParseTemplate([]byte(text), name, hcl.InitialPos)
	if err := failure(diags); err != nil {
		return nil, err
	}
	Meter(expr, budget)
	return expr, nil
}

func checkNesting(text string) error {
	tokens, _ := hclsyntax.LexTemplate([]byte(text), "", hcl.InitialPos)
	depth, operators := 0, 0
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
			hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenBang, hclsyntax.TokenQuestion, hclsyntax.TokenEqualOp,
			hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenGreaterThan:
			operators++
		}
		if depth > maxTemplateNesting || operators > maxTemplateOperators {
			return limitf("line %d of the template is nested deeper than %d levels, or it has more than %d operators", token.Range.Start.Line, maxTemplateNesting, maxTemplateOperators)
		}
	}
	return nil
}

// variables are what a template may refer to: nothing but what it was given.
func variables(expr hclsyntax.Expression, vars cty.Value) (map[string]cty.Value, error) {
	ty := vars.Type()
	if !ty.IsObjectType() && !ty.IsMapType() {
		return nil, function.NewArgError(1, errNotMapping)
	}
	given := vars.AsValueMap()
	for name := range given {
		if !hclsyntax.ValidIdentifier(name) {
			return nil, function.NewArgErrorf(1, "a name of a variable is no identifier")
		}
	}
	for _, traversal := range expr.Variables() {
		if _, exists := given[traversal.RootName()]; !exists {
			return nil, function.NewArgErrorf(1, "the template needs a variable that is not given")
		}
	}
	return given, nil
}

func evaluate(expr hclsyntax.Expression, ctx *hcl.EvalContext) (cty.Value, error) {
	value, diags := expr.Value(ctx)
	if err := failure(diags); err != nil {
		return cty.NilVal, err
	}
	return value, nil
}

// failure is the error in diagnostics, a LimitError if there is one among them.
func failure(diags hcl.Diagnostics) error {
	if !diags.HasErrors() {
		return nil
	}
	if Undecided(diags) {
		return limitf("a template exceeds a limit, or calls a function that is not known")
	}
	for _, d := range diags {
		if d.Severity == hcl.DiagError && d.Subject != nil {
			return errors.New(d.Summary + " in line " + lineOf(d.Subject) + " of the template")
		}
	}
	return errors.New(diags[0].Summary)
}
