-- A hint that something was published, see the step of the nodes.
CREATE TRIGGER told AFTER INSERT ON publishings FOR EACH STATEMENT EXECUTE FUNCTION pushbutton_told('bundles');
