package inventory

// JSONSchema gives the schema of the file for editors. settings maps a component to the JSON Schema properties of its
// settings (property name to schema); components without an entry take any setting.
func JSONSchema(settings map[string]map[string]any) ([]byte, error) { return nil, nil }
