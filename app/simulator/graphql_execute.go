package simulator

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// execution runs one operation.
type execution struct {
	call   *call
	doc    *ast.QueryDocument
	op     *ast.OperationDefinition
	vars   map[string]any
	nodes  int // requested nodes, for rateLimit
	data   any
	errors []object
}

// run executes the operation's fields in order, which mutations need and queries do not mind.
func (e *execution) run() {
	root := &record{kind: rootType(e.op)}
	data, complete := e.selection(root, root.kind, e.op.SelectionSet, nil)
	if complete {
		e.data = data
	}
}

func rootType(op *ast.OperationDefinition) string {
	if op.Operation == ast.Mutation {
		return "Mutation"
	}
	return "Query"
}

// selection answers the fields of an object. It is incomplete where a field that may not be null has no value:
// then the object itself becomes null.
func (e *execution) selection(value any, kind string, set ast.SelectionSet, path []any) (object, bool) {
	out := object{}
	fields := e.fields(value)
	for _, group := range e.collect(kind, set) {
		field := group[0]
		at := append(append([]any{}, path...), field.Alias)
		var nested ast.SelectionSet
		for _, f := range group {
			nested = append(nested, f.SelectionSet...)
		}
		result, err := e.resolve(fields, kind, field)
		if err != nil {
			e.fail(err, at, field)
		}
		answer, complete := e.complete(result, field.Definition.Type, nested, at)
		if !complete {
			return nil, false
		}
		out[field.Alias] = answer
	}
	return out, true
}

// collect gathers the fields that apply to a type, those with the same name in the answer together.
func (e *execution) collect(kind string, set ast.SelectionSet) [][]*ast.Field {
	var groups [][]*ast.Field
	add := func(f *ast.Field) {
		for i := range groups {
			if groups[i][0].Alias == f.Alias {
				groups[i] = append(groups[i], f)
				return
			}
		}
		groups = append(groups, []*ast.Field{f})
	}
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			if e.included(sel.Directives) {
				add(sel)
			}
		case *ast.InlineFragment:
			if e.included(sel.Directives) && e.applies(sel.TypeCondition, kind) {
				for _, group := range e.collect(kind, sel.SelectionSet) {
					for _, f := range group {
						add(f)
					}
				}
			}
		case *ast.FragmentSpread:
			if e.included(sel.Directives) && e.applies(sel.Definition.TypeCondition, kind) {
				for _, group := range e.collect(kind, sel.Definition.SelectionSet) {
					for _, f := range group {
						add(f)
					}
				}
			}
		}
	}
	return groups
}

func (e *execution) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		wanted, _ := d.ArgumentMap(e.vars)["if"].(bool)
		if d.Name == "skip" && wanted || d.Name == "include" && !wanted {
			return false
		}
	}
	return true
}

// applies tells whether a type is, or implements, the type of a fragment.
func (e *execution) applies(condition, kind string) bool {
	if condition == "" || condition == kind {
		return true
	}
	for _, i := range e.call.sim.schema.Types[kind].Interfaces {
		if i == condition {
			return true
		}
	}
	return false
}

// resolve asks for one field.
func (e *execution) resolve(fields map[string]any, kind string, field *ast.Field) (any, error) {
	if field.Name == "__typename" {
		return kind, nil
	}
	return e.field(fields, kind, field.Name, field.ArgumentMap(e.vars))
}

// fail notes an error beside the data.
func (e *execution) fail(err error, path []any, field *ast.Field) {
	o := object{"message": err.Error(), "path": path}
	var g *graphError
	if errors.As(err, &g) && g.kind != "" {
		o["type"] = g.kind
	}
	if field.Position != nil {
		o["locations"] = []object{{"line": field.Position.Line, "column": field.Position.Column}}
	}
	e.errors = append(e.errors, o)
}

// complete brings a value into the form of its type.
func (e *execution) complete(value any, t *ast.Type, set ast.SelectionSet, path []any) (any, bool) {
	if u, ok := value.(*unreachable); ok {
		e.fail(u.err, path, &ast.Field{})
		value = nil
	}
	if isNil(value) {
		return nil, !t.NonNull
	}
	if t.Elem != nil {
		items, _ := value.([]any)
		list := make([]any, 0, len(items))
		for i, item := range items {
			v, complete := e.complete(item, t.Elem, set, append(append([]any{}, path...), i))
			if !complete {
				return nil, !t.NonNull
			}
			list = append(list, v)
		}
		return list, true
	}
	if !e.call.sim.schema.Types[t.NamedType].IsCompositeType() {
		return value, true
	}
	o, complete := e.selection(value, e.typename(value, t.NamedType), set, path)
	if !complete {
		return nil, !t.NonNull
	}
	return o, true
}

// unreachable stands in a list for what the token does not reach.
type unreachable struct{ err error }

// isNil sees through typed nil pointers, which resolvers return for what is not there.
func isNil(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case *Repository:
		return v == nil
	case *Pull:
		return v == nil
	case *user:
		return v == nil
	case *gitObject:
		return v == nil
	case *reviewComment:
		return v == nil
	}
	return false
}

// Bounds of paging and of the nodes that one query may ask for.
// Source: docs:graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit.
const (
	maxPage  = 100
	maxNodes = 500_000
)

// checkPages refuses connections without bounds, with too wide ones, and queries for too many nodes.
func (e *execution) checkPages(set ast.SelectionSet, parents int) *graphError {
	for _, sel := range set {
		var err *graphError
		switch sel := sel.(type) {
		case *ast.InlineFragment:
			err = e.checkPages(sel.SelectionSet, parents)
		case *ast.FragmentSpread:
			err = e.checkPages(sel.Definition.SelectionSet, parents)
		case *ast.Field:
			err = e.checkPage(sel, parents)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *execution) checkPage(f *ast.Field, parents int) *graphError {
	below := parents
	if f.Definition != nil && f.Definition.Arguments.ForName("first") != nil {
		args := f.ArgumentMap(e.vars)
		first, last := number(args["first"]), number(args["last"])
		switch {
		case args["first"] == nil && args["last"] == nil:
			return &graphError{"MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value to properly paginate the `" + f.Name + "` connection."}
		case max(first, last) > maxPage:
			return &graphError{"EXCESSIVE_PAGINATION", "Requesting " + strconv.Itoa(max(first, last)) + " records on the `" + f.Name + "` connection exceeds the `first` limit of 100 records."}
		case max(first, last) < 1:
			return &graphError{"", "`first` on the `" + f.Name + "` connection must be at least 1"}
		}
		below = parents * max(first, last)
		e.nodes += below
	}
	if e.nodes > maxNodes {
		return &graphError{"MAX_NODE_LIMIT_EXCEEDED", "This query requests up to " + strconv.Itoa(e.nodes) + " possible nodes which exceeds the maximum limit of 500,000."}
	}
	return e.checkPages(f.SelectionSet, below)
}

// number reads an Int argument, from a literal or a variable.
func number(v any) int {
	switch v := v.(type) {
	case int64:
		return int(v)
	case int:
		return v
	case float64:
		return int(v)
	case json.Number:
		n, err := v.Int64()
		if err == nil {
			return int(n)
		}
	}
	return 0
}

// argument reads a text argument, "" where there is none.
func argument(v any) string {
	s, _ := v.(string)
	return s
}
