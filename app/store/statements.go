package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// openCached opens a SQLite database whose connections keep their prepared statements. Without, half of the
// processor time of a delivery goes into parsing the same SQL again, most of it River's, which we cannot prepare
// by hand. (pgx does the same for PostgreSQL by itself.)
func openCached(dsn string) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(cachingConnector{connector}), nil
}

type cachingConnector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c cachingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(sqliteConn)
	if !ok {
		_ = conn.Close() // the error to tell is the one below
		return nil, fmt.Errorf("the SQLite driver's connection %T lacks a method", conn)
	}
	return &cachingConn{sqliteConn: full, statements: map[string]*statement{}}, nil
}

// sqliteConn is what database/sql looks for in a connection; a wrapper that hides any of it changes behaviour.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// maxStatements bounds the texts that a connection keeps: lists of parameters make new ones.
const maxStatements = 256

// cachingConn runs repeated statements from the cache. database/sql uses a connection from one goroutine at a time.
type cachingConn struct {
	sqliteConn
	statements map[string]*statement
}

type statement struct {
	driver.Stmt
	exec  driver.StmtExecContext
	query driver.StmtQueryContext
	busy  bool // its rows are being read; a second use would start them over
}

// ExecContext implements driver.ExecerContext.
func (c *cachingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return s.exec.ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *cachingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.query.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return cachedRows{rows, s}, nil
}

type cachedRows struct {
	driver.Rows
	statement *statement
}

// Close implements driver.Rows.
func (r cachedRows) Close() error {
	r.statement.busy = false
	return r.Rows.Close()
}

// statement returns the prepared statement for a text, or nil where it must run without.
func (c *cachingConn) statement(ctx context.Context, query string) (*statement, error) {
	if s, found := c.statements[query]; found {
		if s.busy {
			return nil, nil
		}
		return s, nil
	}
	if !cacheable(query) {
		return nil, nil
	}
	if len(c.statements) >= maxStatements {
		c.forget()
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &statement{Stmt: prepared}
	var canExec, canQuery bool
	s.exec, canExec = prepared.(driver.StmtExecContext)
	s.query, canQuery = prepared.(driver.StmtQueryContext)
	if !canExec || !canQuery {
		return nil, prepared.Close()
	}
	c.statements[query] = s
	return s, nil
}

// forget closes all statements that are not in use.
func (c *cachingConn) forget() {
	for query, s := range c.statements {
		if !s.busy {
			_ = s.Close() // it only frees memory
			delete(c.statements, query)
		}
	}
}

// Close implements driver.Conn.
func (c *cachingConn) Close() error {
	c.forget()
	return c.sqliteConn.Close()
}

// Unwrap lets functions of the driver find its own connection.
func (c *cachingConn) Unwrap() driver.Conn { return c.sqliteConn }

// cacheable tells data statements from those that change the schema, which come once.
func cacheable(query string) bool {
	query = strings.TrimSpace(query)
	for strings.HasPrefix(query, "--") {
		_, rest, _ := strings.Cut(query, "\n")
		query = strings.TrimSpace(rest)
	}
	word, _, _ := strings.Cut(query, " ")
	switch strings.ToUpper(strings.TrimSpace(word)) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH":
		return true
	}
	return false
}
