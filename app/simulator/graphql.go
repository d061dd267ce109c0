package simulator

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/kms-review/kms-review/testdata/github"
)

// graphInput is the body of a GraphQL request.
type graphInput struct {
	Query         string         `json:"query"`
	OperationName *string        `json:"operationName"`
	Variables     map[string]any `json:"variables"`
}

// graphError is an error as GitHub's GraphQL gives it, with status 200.
type graphError struct {
	kind    string // NOT_FOUND, FORBIDDEN, ... in "type"
	message string
}

func (e *graphError) Error() string { return e.message }

func forbidden() error { return &graphError{"FORBIDDEN", "Resource not accessible by integration"} }

func unresolved(format string, args ...any) error {
	return &graphError{"NOT_FOUND", fmt.Sprintf(format, args...)}
}

// loadGraphSchema reads GitHub's schema.
func loadGraphSchema() (*ast.Schema, error) {
	return validator.LoadSchema(validator.Prelude, &ast.Source{Name: "schema.graphql", Input: github.GraphQLSchema})
}

// graphQL answers a document: parsed and validated against GitHub's schema, then executed. A document that the
// schema does not allow is remembered as unknown, because the schema here is cut down to what the App uses.
func graphQL(c *call) reply {
	var in graphInput
	if refused := c.decode(&in); refused != nil {
		return *refused
	}
	e, problems := c.prepare(&in)
	if len(problems) > 0 {
		return ok(object{"errors": problems})
	}
	e.run()
	body := object{"data": e.data}
	if len(e.errors) > 0 {
		body["errors"] = e.errors
	}
	return ok(body)
}

// prepare parses, validates and takes the variables.
func (c *call) prepare(in *graphInput) (*execution, []object) {
	doc, err := parser.ParseQuery(&ast.Source{Input: in.Query})
	if err != nil {
		return nil, c.graphProblems(err)
	}
	if errs := validator.ValidateWithRules(c.sim.schema, doc, rules.NewDefaultRules()); len(errs) > 0 {
		return nil, c.graphProblems(errs)
	}
	name := ""
	if in.OperationName != nil {
		name = *in.OperationName
	}
	op := doc.Operations.ForName(name)
	if op == nil {
		return nil, []object{{"message": "An operation name is required"}}
	}
	vars, err := validator.VariableValues(c.sim.schema, op, in.Variables)
	if err != nil {
		return nil, c.graphProblems(err)
	}
	e := &execution{call: c, doc: doc, op: op, vars: vars}
	if problem := e.checkPages(op.SelectionSet, 1); problem != nil {
		return nil, []object{{"type": problem.kind, "message": problem.message}}
	}
	return e, nil
}

func (c *call) graphProblems(err error) []object {
	var list gqlerror.List
	var one *gqlerror.Error
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = gqlerror.List{one}
	default:
		list = gqlerror.List{{Message: err.Error()}}
	}
	var problems []object
	for _, p := range list {
		c.sim.unknown = append(c.sim.unknown, http.MethodPost+" /graphql: "+p.Message)
		locations := []object{}
		for _, l := range p.Locations {
			locations = append(locations, object{"line": l.Line, "column": l.Column})
		}
		problems = append(problems, object{"message": p.Message, "locations": locations})
	}
	return problems
}
