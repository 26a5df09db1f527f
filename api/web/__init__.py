"""The workbench: pages rendered on the server, viewers added in the browser, everything from this machine.

Each diagram has its text twin and each script only adds to a page that works without it. Texts are written in German in
the templates; `locale/en.po` holds the English ones. Static files of npm packages are served from an allow-list.
"""
