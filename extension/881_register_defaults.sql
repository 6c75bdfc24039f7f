-- What a provider of the model can publish at once: methods, exclusions, organizational measures and terms in words that
-- fit most. fill_register enters them where nothing is there yet.

CREATE FUNCTION takeout.default_methods()
RETURNS TABLE (name text, "position" integer, title text, available boolean, formats text[], default_format text,
               limitations text, notes text)
LANGUAGE sql STABLE
BEGIN ATOMIC
  VALUES
    ('ui'::text, 1, 'User interface'::text, true, '{csv,xlsx}'::text[], 'csv'::text,
     'Size of a file and length of a period are limited'::text,
     'Files to download from the application, as CSV or XLSX'::text),
    ('api', 2, 'API over HTTP', true, '{json,jsonl,csv,xlsx}', 'json',
     'Requests a minute are limited; what is larger than a file may be comes in pages',
     'The customer writes or buys a client; the OpenAPI description tells it all there is to know'),
    ('sql', 3, 'SQL', true, '{csv,json,jsonl,xlsx}', NULL,
     'Size of a value, requests a minute and length of a period are limited; pages reach everything',
     'For customers with a login to the database: takeout.export and takeout.export_page'),
    ('copy', 4, 'Streams over COPY', true, '{csv,json,jsonl,xlsx}', NULL,
     'Requests a minute are limited, the size of a file is not',
     'For customers with a login to the database: takeout.export_stream through COPY, in constant memory'),
    ('schedule', 5, 'Scheduled exports',
     EXISTS (SELECT FROM pg_proc p WHERE p.proname = 'schedule' AND p.pronamespace = 'takeout'::regnamespace),
     '{csv,json,jsonl,xlsx}', NULL,
     'Where a file goes is agreed with the provider',
     'Files that are made again and again at set times, whole or what changed since the last one'),
    ('between_providers', 6, 'Directly from one provider to another', false, '{}', NULL,
     NULL,
     'Not offered: its cost would be out of proportion. Files by any other method carry the same data');
END;
COMMENT ON FUNCTION takeout.default_methods() IS 'Internal to fill_register: the ways by which data leave';

CREATE FUNCTION takeout.default_exclusions()
RETURNS TABLE (category text, examples text, justification text)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  VALUES
    ('Architecture and infrastructure of the service'::text,
     'Schemas of internal databases, plans of the network, configuration of servers, the rules by which data are routed, lists of hardware and software in use, source code'::text,
     'Competitors would learn how the platform is kept fast, large and safe, which is what sets it apart; attackers would learn where to begin'::text),
    ('Algorithms and data models of the provider''s own',
     'Methods of machine learning, models that predict, methods to compress and transmit data and to share out resources such as virtual machines, as far as they are the provider''s own work; database schemas made to store and process data in a special way',
     'They come of years of research; whoever had them could copy the service without having paid for its development'),
    ('Tools that watch and run the service',
     'Tools and methods that measure the performance of internal systems, find what is out of the ordinary, balance load, locate faults and plan resources',
     'High availability rests on them; what they are and how they are used is know-how of operation'),
    ('Processes of operation and security',
     'Procedures for incidents, results of internal security audits, how internal systems authenticate and authorize, plans for continuity and recovery, except where they are about the customer''s data themselves',
     'Security and reliability rest on their secrecy: known, they would show where the service can be attacked or sabotaged');
END;
COMMENT ON FUNCTION takeout.default_exclusions() IS 'Internal to fill_register: what is not exported, and why';

CREATE FUNCTION takeout.default_measures()
RETURNS TABLE (name text, "position" integer, title text, proven_by text[], statement text)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  VALUES
    ('security_policy'::text, 1, 'Security policy'::text, '{}'::text[],
     'One policy says how personal data and the systems that hold them are protected'::text),
    ('breach_reporting', 2, 'Reporting of breaches', '{}',
     'A procedure says who reports a breach of security to whom, and by when'),
    ('procedure_reviews', 3, 'Reviews of procedures', '{}',
     'Internal procedures are gone through at set intervals'),
    ('abuse_handling', 4, 'Handling of abuse', '{}',
     'A procedure says what is done when the service is abused'),
    ('data_protection_officer', 5, 'Data protection officer', '{}',
     'A data protection officer is appointed'),
    ('processing_authorizations', 6, 'Authorization to process personal data', '{}',
     'Whoever processes personal data was authorized to do so'),
    ('data_protection_training', 7, 'Training in data protection', '{}',
     'Staff are trained in the protection of personal data'),
    ('confidentiality_declarations', 8, 'Declarations of confidentiality', '{}',
     'Staff declare that they keep personal data confidential'),
    ('restricted_access', 9, 'Restricted access to systems and networks', '{no_trust,public_privileges,superusers}',
     'Systems and networks are entered by login and password; third parties get networks of their own'),
    ('access_rights', 10, 'Granting and revoking of access', '{}',
     'A procedure says how access to systems is granted and taken away'),
    ('password_policy', 11, 'Password policy', '{password_hashing,password_expiry}',
     'A policy says how passwords are made, kept and renewed'),
    ('secure_connections', 12, 'Secure network connections', '{tls}',
     'Networks are joined by protected connections, such as a VPN'),
    ('high_availability', 13, 'High availability', '{standbys,checksums}',
     'The service runs on a cluster that outlives the loss of a machine'),
    ('event_logging', 14, 'Logging of events', '{audit,connection_log}',
     'Events in the service and its systems are logged'),
    ('ddos_protection', 15, 'Protection against denial of service', '{}',
     'A service in front of the platform keeps distributed attacks away from it'),
    ('vulnerability_tests', 16, 'Tests for vulnerabilities', '{}',
     'Systems are tested for vulnerabilities every quarter'),
    ('penetration_tests', 17, 'Penetration tests', '{}',
     'Systems undergo penetration tests'),
    ('antivirus', 18, 'Protection against malware', '{}',
     'Antivirus software runs where malware could'),
    ('security_training', 19, 'Training in cybersecurity', '{}',
     'Staff are trained in cybersecurity'),
    ('supplier_checks', 20, 'Checks of suppliers', '{}',
     'A procedure checks that suppliers comply with the law and have adequate security'),
    ('rights_risk_analysis', 21, 'Analysis of risks to people', '{}',
     'The risks to the rights and freedoms of the people whose data are processed are analysed at set intervals'),
    ('yearly_risk_analysis', 22, 'Yearly analysis of risks', '{}',
     'The risks to security and privacy are analysed at least once a year'),
    ('privacy_by_design', 23, 'Privacy by design', '{masking}',
     'Software is developed by procedures that apply privacy by design'),
    ('privacy_by_default', 24, 'Privacy by default', '{masking,public_privileges}',
     'Design follows a standard that makes the private choice the default one'),
    ('encryption', 25, 'Encryption', '{tls,password_hashing}',
     'Personal data are protected by cryptography: TLS 1.2 or 1.3 with SHA-256'),
    ('https', 26, 'HTTPS', '{tls}',
     'Data travel by HTTPS'),
    ('multi_factor', 27, 'More than one factor', '{}',
     'Users authenticate with more than one factor'),
    ('user_authorization', 28, 'Identification and authorization of users', '{}',
     'Users are identified and authorized by an open standard, such as OAuth 2.0'),
    ('mass_change_records', 29, 'Record of mass changes', '{mass_change_log}',
     'Actions that change data in bulk are recorded'),
    ('individual_logins', 30, 'A login for each person', '{superusers}',
     'Everybody has a login of their own'),
    ('processing_agreement', 31, 'Agreement on the processing of personal data', '{}',
     'It forbids to move personal data out of the European Economic Area without the controller''s consent'),
    ('confidentiality_agreement', 32, 'Agreement on confidentiality', '{}',
     'Provider and customer agree to keep confidential what they learn of each other');
END;
COMMENT ON FUNCTION takeout.default_measures() IS 'Internal to fill_register: organizational measures';

CREATE FUNCTION takeout.default_terms() RETURNS jsonb
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT jsonb_build_object(
    'data_processing_agreement',
      'Personal data are processed on the customer''s behalf, under the data processing agreement that is part of the contract',
    'scope_statement',
      'Customers export their personal and other data, in the categories of end-user, marketing, operational and analytical data, whenever they want',
    'custom_exports',
      'What is not in the register is exported on request, at a price that is agreed for each case by its size and kind',
    'switching_statement',
      'Customers take their data to another provider by themselves, without asking and without a fee, by any method below. Technical limits keep the service fast for everybody; pages and streams reach all data within them',
    'exclusions_statement',
      'What is excluded is the provider''s own and not needed to go on elsewhere. It neither hinders nor delays switching; all data that a customer needs are exported',
    'formats_statement',
      'Formats and specifications are open ones, so that CRM, ERP, marketing and BI systems can use the data. JSON Schema tells what a file holds, OpenAPI how it is asked for',
    'access_statement',
      'Technical, organizational and contractual measures keep governments of third countries from data stored in the European Union where that would be against the law of the Union or of a member state',
    'difficulty_statement',
      'Nothing in the architecture ties data to this service: all of a customer''s data leave by the methods below, in open formats',
    'erasure',
      'Once the time to fetch data is over, all exportable data of the customer are erased; backups follow as they expire',
    'charges',
      'Until 11 January 2027 at most what switching costs the provider; from 12 January 2027 on nothing');
END;
COMMENT ON FUNCTION takeout.default_terms() IS 'Internal to fill_register: terms of the provider in words';

CREATE FUNCTION takeout.fill_register(
  provider                  text    DEFAULT NULL,
  contact                   text    DEFAULT NULL,
  location                  text    DEFAULT NULL,
  jurisdiction              text    DEFAULT NULL,
  data_processing_agreement text    DEFAULT NULL,
  web_site                  text    DEFAULT NULL,
  base_url                  text    DEFAULT NULL,
  measures_in_place         boolean DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present takeout.provider;
  said jsonb := jsonb_strip_nulls(jsonb_build_object(
    'name', provider, 'contact', contact, 'location', location, 'jurisdiction', jurisdiction,
    'data_processing_agreement', data_processing_agreement, 'web_site', web_site, 'base_url', base_url));
BEGIN
  SELECT * INTO present FROM takeout.provider p FOR UPDATE;
  IF NOT FOUND THEN
    IF provider IS NULL OR contact IS NULL OR location IS NULL OR jurisdiction IS NULL THEN
      RAISE EXCEPTION 'the register needs provider, contact, location and jurisdiction' USING ERRCODE = '22004',
        HINT = 'Give all four at the first call of takeout.fill_register; later ones change what is given.';
    END IF;
    said := takeout.default_terms() || said;
    present.only_row := true;
    present.api_version := 'v3';
    present.notice_period := '2 months';
    present.transition_period := '30 days';
    present.retrieval_period := '30 days';
  END IF;
  present := jsonb_populate_record(present, said);
  DELETE FROM takeout.provider;
  INSERT INTO takeout.provider SELECT present.*;

  INSERT INTO takeout.methods (name, position, title, available, formats, default_format, limitations, notes)
  SELECT m.name, m.position, m.title, m.available AND (m.name <> 'api' OR present.base_url IS NOT NULL), m.formats,
         m.default_format, m.limitations, m.notes
  FROM takeout.default_methods() m
  WHERE NOT EXISTS (SELECT FROM takeout.methods);
  UPDATE takeout.methods m SET available = true WHERE m.name = 'api' AND fill_register.base_url IS NOT NULL;

  INSERT INTO takeout.exclusions (category, examples, justification)
  SELECT e.category, e.examples, e.justification FROM takeout.default_exclusions() e
  WHERE NOT EXISTS (SELECT FROM takeout.exclusions);

  INSERT INTO takeout.organizational_measures (name, position, title, statement, in_place, proven_by)
  SELECT m.name, m.position, m.title, m.statement, NULL, m.proven_by FROM takeout.default_measures() m
  WHERE NOT EXISTS (SELECT FROM takeout.organizational_measures);
  UPDATE takeout.organizational_measures m SET in_place = measures_in_place
  WHERE measures_in_place IS NOT NULL AND m.in_place IS DISTINCT FROM measures_in_place;
END
$$;
COMMENT ON FUNCTION takeout.fill_register(text, text, text, text, text, text, text, boolean) IS
  'Enters the provider and, where there are none yet, methods, exclusions, measures and terms; what is there stays as edited';
