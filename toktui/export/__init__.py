"""What leaves the program: documents, tables, CSV and Markdown. No file is opened here."""
